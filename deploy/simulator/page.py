"""What the simulator answers to one request."""

import hashlib

import msgspec

CSV = "text/csv; charset=utf-8"
GZIP = "application/gzip"
HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"


class Page(msgspec.Struct, frozen=True):
    """An answer with everything but its date."""

    body: bytes
    content_type: str
    status: int = 200
    delay_seconds: float = 0

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


def not_found(path: str) -> Page:
    return Page(f"<h1>404 Not Found</h1><p>{path}</p>".encode(), HTML, 404)


def listing(path: str, entries: dict[str, int | None]) -> Page:
    """A folder as the publisher shows it: names, dates and the sizes of files."""
    rows = (
        f'<a href="{name}">{name}</a>  13-Oct-2026 08:00  {"-" if size is None else size}\n'
        for name, size in {"../": None, **entries}.items()
    )
    head = f"<html><head><title>Index of {path}</title></head><body><h1>Index of {path}</h1><pre>"
    return Page(f"{head}\n{''.join(rows)}</pre></body></html>\n".encode(), HTML)
