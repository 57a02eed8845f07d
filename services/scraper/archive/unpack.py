"""The text of a sales file in blocks, plain, gzip or zip; what unpacks beyond reason is cut off."""

import gzip
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from services.scraper.archive.store import BLOCK_BYTES
from services.scraper.handlers.ports import BrokenFileError
from services.scraper.sales.source import GZIP, ZIP

MOST_RATIO: Final = 200
"""Real files unpack to five or ten times their size, deflate can do a thousand."""
_SMALL_BYTES: Final = 16 * 1024 * 1024


def text_blocks(path: Path, *, name: str, most_bytes: int) -> Generator[bytes]:
    """The file's text as it was before it was packed; a flaw is a `BrokenFileError` by name."""
    size, packed = 0, path.stat().st_size
    with _flaws_named(name), path.open("rb") as file, _unpacked(file, name) as text:
        while block := text.read(BLOCK_BYTES):
            size += len(block)
            if size > most_bytes or size > max(_SMALL_BYTES, MOST_RATIO * packed):
                raise BrokenFileError(
                    "too_large", f"{name}, {packed:,} bytes, unpacks to more than {size:,} bytes."
                )
            yield block


def check_text(path: Path, *, name: str, most_bytes: int) -> None:
    """Refuse a file whose text is more than memory should hold; other flaws are not looked for."""
    try:
        for _ in text_blocks(path, name=name, most_bytes=most_bytes):
            pass
    except BrokenFileError as error:
        if error.code == "too_large":  # whoever reads the file names the others
            raise


@contextmanager
def _unpacked(file: IO[bytes], name: str) -> Generator[IO[bytes] | gzip.GzipFile]:
    start = file.read(len(ZIP))
    file.seek(0)
    if start.startswith(GZIP):
        with gzip.open(file) as text:
            yield text
    elif start == ZIP:
        with zipfile.ZipFile(file) as archive:
            members = archive.namelist()
            if len(members) != 1:
                raise BrokenFileError(
                    "damaged_zip", f"{name} is a zip of {len(members)} files; one is expected."
                )
            with archive.open(members[0]) as text:
                yield text
    else:
        yield file


@contextmanager
def _flaws_named(name: str) -> Generator[None]:
    try:
        yield
    except zipfile.BadZipFile as error:
        raise BrokenFileError("damaged_zip", _damaged(name, error)) from error
    except EOFError as error:
        raise BrokenFileError(
            "truncated_gzip", f"{name} ends too early: download it again."
        ) from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise BrokenFileError("damaged_gzip", _damaged(name, error)) from error
    # Encrypted members are a RuntimeError, unknown methods the NotImplementedError below it.
    except RuntimeError as error:
        raise BrokenFileError("damaged_zip", _damaged(name, error)) from error


def _damaged(name: str, error: Exception) -> str:
    return f"{name} is damaged ({error}): download it again."
