"""Answers of a publisher in trouble, chosen by the path prefix `/faults/{name}/`."""

import gzip
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from deploy.simulator.page import CSV, GZIP, HTML, JSON, Page

HOLLOW_YEAR: Final = 2019
_HOLLOW_EVERY: Final = 5  # lines of which one is left
_MISSING_COLUMNS: Final = frozenset({1, 4})  # date and price; name and department of places
_SLOW_SECONDS: Final = 1.0

Fault = Callable[[Page, str], Page]


def html(_page: Page, _path: str) -> Page:
    """An error page that says 200."""
    return Page(b"<!doctype html><html><body>Service indisponible</body></html>\n", HTML)


def empty(page: Page, _path: str) -> Page:
    """The header alone."""
    return _rewritten(page, lambda lines: lines[:1])


def truncated(page: Page, _path: str) -> Page:
    """Half a gzip file."""
    body = page.body if page.content_type == GZIP else gzip.compress(page.body, mtime=0)
    return Page(body[: len(body) // 2], GZIP)


def columns(page: Page, _path: str) -> Page:
    """Two columns fewer."""
    return _rewritten(page, lambda lines: [_without_columns(line) for line in lines])


def hollow(page: Page, path: str) -> Page:
    """One year with a fifth of its lines."""
    if f"/{HOLLOW_YEAR}/" not in path:
        return page
    return _rewritten(page, lambda lines: lines[:1] + lines[1::_HOLLOW_EVERY])


def border(page: Page, _path: str) -> Page:
    """Outlines that leave the earth, or what a polygon is."""
    return replace(page, body=page.body.replace(b'"coordinates":[[', b'"coordinates":[[[400,95],'))


def slow(page: Page, _path: str) -> Page:
    return replace(page, delay_seconds=_SLOW_SECONDS)


def down(_page: Page, _path: str) -> Page:
    return Page(b"Internal Server Error\n", "text/plain", 500)


FAULTS: Final[dict[str, Fault]] = {
    "html": html,
    "empty": empty,
    "truncated": truncated,
    "columns": columns,
    "hollow": hollow,
    "border": border,
    "slow": slow,
    "500": down,
}
_OF_FOLDERS_TOO: Final = frozenset({"slow", "500"})


def spoil(fault: str, page: Page, path: str) -> Page:
    """The page as this fault leaves it; folders and missing files stay as they are."""
    is_file = page.status == HTTPStatus.OK and page.content_type in {CSV, GZIP, JSON}
    return FAULTS[fault](page, path) if is_file or fault in _OF_FOLDERS_TOO else page


def _rewritten(page: Page, change: Callable[[list[str]], list[str]]) -> Page:
    if page.content_type == JSON:  # it has neither lines nor columns
        return page
    zipped = page.content_type == GZIP
    text = (gzip.decompress(page.body) if zipped else page.body).decode()
    body = "".join(change(text.splitlines(keepends=True))).encode()
    return replace(page, body=gzip.compress(body, mtime=0) if zipped else body)


def _without_columns(line: str) -> str:
    fields = line.split(",")
    return ",".join(f for position, f in enumerate(fields) if position not in _MISSING_COLUMNS)
