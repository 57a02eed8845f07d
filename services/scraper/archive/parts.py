"""A department's part of a national file: split when it is first asked for, kept beside it."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog

from services.scraper.archive.bounds import Bounds
from services.scraper.archive.split import split_by_department
from services.scraper.archive.store import Store, Version, fetched
from services.scraper.archive.unpack import text_blocks
from services.scraper.handlers.ports import BrokenFileError, Fetched, MissingFileError
from services.scraper.sales import SalesFileError

log = structlog.get_logger()

_LIST: Final = "parts.json"


def part_of(
    whole: Fetched,
    department: str,
    *,
    store: Store,
    name: str,
    bounds: Bounds,
    stop: threading.Event,
) -> Fetched:
    """The department's lines in the layout of the whole file, with a fingerprint of their own.

    A country without that department is a `MissingFileError`.
    """
    folder = store.parts(whole.sha256)
    parts = _listed(folder)
    if parts is None or not _is_whole(folder, department, parts):
        blocks = text_blocks(whole.path, name=name, most_bytes=bounds.national_bytes)
        with store.unfinished_folder() as unfinished:
            started = time.process_time()
            try:
                parts = split_by_department(
                    blocks, unfinished, name=name, most_bytes=bounds.text_bytes, stop=stop
                )
            except SalesFileError as error:
                raise BrokenFileError(error.code, str(error)) from error
            (unfinished / _LIST).write_bytes(msgspec.json.encode(parts))
            store.keep_folder(unfinished, folder)
        cpu_seconds = round(time.process_time() - started, 1)
        log.info("national_file_split", url=name, departments=len(parts), cpu_seconds=cpu_seconds)
    if department not in parts:
        raise MissingFileError(name)
    return fetched(parts[department], _path(folder, department))


def _listed(folder: Path) -> Mapping[str, Version] | None:
    """What a finished folder says of itself."""
    try:
        return msgspec.json.decode((folder / _LIST).read_bytes(), type=dict[str, Version])
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _is_whole(folder: Path, department: str, parts: Mapping[str, Version]) -> bool:
    """Whether the part is there as it is listed: a crash may have kept a name and lost its bytes."""
    path = _path(folder, department)
    size = path.stat().st_size if path.is_file() else None
    return size == (parts[department].size_bytes if department in parts else None)


def _path(folder: Path, department: str) -> Path:
    return folder / f"{department}.gz"
