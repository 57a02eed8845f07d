"""What the simulator answers to one request."""

import hashlib
from collections.abc import Collection
from http import HTTPStatus

import msgspec

CSV = "text/csv; charset=utf-8"
GZIP = "application/gzip"
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
ZIP = "application/zip"


class Page(msgspec.Struct, frozen=True):
    """An answer with everything but its date."""

    body: bytes
    content_type: str
    status: int = 200
    delay_seconds: float = 0
    location: str = ""  # where the browser is sent instead, on the same host
    headers: tuple[tuple[str, str], ...] = ()  # of its own
    is_listing: bool = False
    is_folder: bool = False  # of a storage, which shows it and denies that it is there

    @property
    def is_found(self) -> bool:
        return self.status == HTTPStatus.OK

    def without(self, names: Collection[str]) -> "Page":
        """The same folder without the entries of these names; whatever else it is, the same."""
        if not self.is_listing:
            return self
        lines = self.body.decode().splitlines(keepends=True)
        gone = tuple(f'<a href="{name}{end}"' for name in names for end in ("", "/"))
        kept = "".join(line for line in lines if not line.startswith(gone))
        return msgspec.structs.replace(self, body=kept.encode())

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


def not_found(path: str) -> Page:
    return Page(f"<h1>404 Not Found</h1><p>{path}</p>".encode(), HTML, 404)


def redirect(location: str) -> Page:
    return Page(b"", HTML, HTTPStatus.FOUND, location=location)


def listing(path: str, entries: dict[str, int | None]) -> Page:
    """A folder as the publisher shows it: names, dates and the sizes of files."""
    rows = (
        f'<a href="{name}">{name}</a>  13-Oct-2026 08:00  {"-" if size is None else size}\n'
        for name, size in {"../": None, **entries}.items()
    )
    head = f"<html><head><title>Index of {path}</title></head><body><h1>Index of {path}</h1><pre>"
    body = f"{head}\n{''.join(rows)}</pre></body></html>\n".encode()
    return Page(body, HTML, is_listing=True)
