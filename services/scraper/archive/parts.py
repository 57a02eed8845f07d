"""A department's part of a national file: split when it is first asked for, kept beside it."""

import threading
import time
from collections.abc import Mapping

import structlog

from services.scraper.archive.bounds import Bounds
from services.scraper.archive.split import split_by_department
from services.scraper.archive.store import Store, Version
from services.scraper.archive.unpack import text_blocks
from services.scraper.handlers.ports import BrokenFileError, Fetched, MissingFileError
from services.scraper.sales import SalesFileError

log = structlog.get_logger()


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
    parts = store.parts(whole.sha256)
    if parts is None or (department in parts and not store.holds(parts[department])):
        parts = _split(whole, store=store, name=name, bounds=bounds, stop=stop)
    if department not in parts:
        raise MissingFileError(name)
    return store.fetched(parts[department])


def _split(
    whole: Fetched, *, store: Store, name: str, bounds: Bounds, stop: threading.Event
) -> Mapping[str, Version]:
    started = time.thread_time()
    blocks = text_blocks(whole.path, name=name, most_bytes=bounds.national_bytes)
    with store.unfinished_folder() as folder:
        try:
            parts = split_by_department(
                blocks, folder, name=name, most_bytes=bounds.text_bytes, stop=stop
            )
        except SalesFileError as error:
            raise BrokenFileError(error.code, str(error)) from error
        store.keep_parts(whole.sha256, folder, parts)
    cpu_seconds = round(time.thread_time() - started, 1)
    log.info("national_file_split", url=name, departments=len(parts), cpu_seconds=cpu_seconds)
    return parts
