"""A file of the whole country, split by department in one pass, never held in memory."""

import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, groupby
from pathlib import Path
from typing import IO, Final

from services.scraper.archive.route import Route, route_of
from services.scraper.archive.store import Version, Writer
from services.scraper.handlers.ports import BrokenFileError
from services.scraper.sales.source import BOM, open_sales_file

_BUFFERED_BYTES: Final = 128 * 1024
_LONGEST_LINE: Final = 1024 * 1024
_QUICK: Final = 1
_AS_GZIP: Final = 31


class StoppedError(Exception):
    """Whoever wanted the parts has gone."""


def split_by_department(
    blocks: Iterable[bytes], folder: Path, *, name: str, most_bytes: int, stop: threading.Event
) -> dict[str, Version]:
    """The departments that have lines; each has now a file in the folder, in the same layout.

    A header that no sales file has is a `SalesFileError`, more than `most_bytes` of text in one
    department or lines that name none a `BrokenFileError`.
    """
    lines = _lines(blocks, name)
    header, *first = next(lines, [b""])
    header = header.removeprefix(BOM).removesuffix(b"\r")
    route = route_of(open_sales_file(header, name=name))
    with ExitStack() as opened:
        parts: dict[str, _Part] = {}
        total = lost = 0
        for block in chain([first], lines):
            if stop.is_set():
                raise StoppedError
            total += len(block)
            for department, run in _runs(block, route):
                if not department:
                    lost += len(run)
                    continue
                if department not in parts:
                    file = opened.enter_context((folder / department).open("wb"))
                    parts[department] = _Part(file, header)
                if parts[department].write(run) > most_bytes:
                    raise BrokenFileError(
                        "too_large", f"{name} has over {most_bytes:,} bytes of {department}."
                    )
        if lost > total / 2:
            raise BrokenFileError("bad_rows", f"{name}: {lost} of {total} lines name no commune.")
        return {department: part.finish() for department, part in sorted(parts.items())}


def _lines(blocks: Iterable[bytes], name: str) -> Iterator[list[bytes]]:
    """Whole lines without their ends, about as many at a time as a block has."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise BrokenFileError("bad_rows", f"{name} has no lines as a table has.")
        if lines:
            yield lines
    if rest:
        yield [rest]


def _runs(lines: list[bytes], route: Route) -> Iterator[tuple[str, list[bytes]]]:
    """Neighbours of one department together: most publishers sort by it."""
    return ((department, list(run)) for department, run in groupby(lines, route))


class _Part:
    """A department's file while it is written: packed quickly, in strokes worth a system call."""

    def __init__(self, file: IO[bytes], header: bytes) -> None:
        self._writer = Writer(file)
        self._packing = zlib.compressobj(_QUICK, zlib.DEFLATED, _AS_GZIP)
        self._waiting: list[bytes] = [header]
        self._waiting_bytes = 0
        self._text_bytes = 0

    def write(self, lines: list[bytes]) -> int:
        """How much text the department has with these lines."""
        size = sum(map(len, lines)) + len(lines)
        self._waiting += lines
        self._waiting_bytes += size
        self._text_bytes += size
        if self._waiting_bytes > _BUFFERED_BYTES:
            self._pack()
        return self._text_bytes

    def finish(self) -> Version:
        self._pack()
        self._writer.write(self._packing.flush())
        sha256 = self._writer.finish()
        return Version(sha256=sha256, size_bytes=self._writer.size_bytes)

    def _pack(self) -> None:
        text = b"\n".join([*self._waiting, b""])
        self._writer.write(self._packing.compress(text))
        self._waiting.clear()
        self._waiting_bytes = 0
