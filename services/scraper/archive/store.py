"""Content under its fingerprint, and what is known of each URL: files in a folder, nothing else.

Several processes may share the folder. Whatever appears in it is complete: written elsewhere, then
renamed; what two of them write at once is the same.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final
from uuid import uuid4

import msgspec

from services.scraper.handlers.ports import Fetched

BLOCK_BYTES: Final = 1024 * 1024
_STALE_SECONDS: Final = 24 * 3600


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A file's content, and by which words its publisher recognises it."""

    sha256: str
    size_bytes: int
    etag: str = ""
    last_modified: str = ""


class Flaw(msgspec.Struct, frozen=True):
    """Why a file cannot be read, by a short name and in a sentence."""

    code: str
    sentence: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a URL: its newest content, and the one before."""

    url: str
    asked_at: datetime
    newest: Version | None = None
    older: Version | None = None
    flaw: Flaw | None = None
    """Of the newest, if it could not be read as what it should be."""
    is_gone: bool = False
    """Whether the publisher had nothing when it was last asked."""

    @property
    def lasting(self) -> Version | None:
        """What serves when the publisher has nothing: the newest that could be read."""
        return self.older if self.flaw else self.newest

    def with_newest(self, version: Version, now: datetime) -> "Entry":
        """What is known once the publisher has given this."""
        if version.sha256 == (self.newest and self.newest.sha256):
            return Entry(url=self.url, asked_at=now, newest=version, older=self.older)
        return Entry(url=self.url, asked_at=now, newest=version, older=self.lasting)


class Store(msgspec.Struct, frozen=True):
    """The folder of the archive."""

    folder: Path

    def path(self, sha256: str) -> Path:
        """Where the content with this fingerprint lies, or would lie."""
        return self.folder / sha256[:2] / sha256

    def fetched(self, version: Version) -> Fetched:
        return Fetched(
            path=self.path(version.sha256), sha256=version.sha256, size_bytes=version.size_bytes
        )

    def holds(self, version: Version | None) -> bool:
        """Whether the content is there, in its full length."""
        if version is None:
            return False
        path = self.path(version.sha256)
        return path.is_file() and path.stat().st_size == version.size_bytes

    @contextmanager
    def unfinished(self) -> Generator[Path]:
        """A path to write to, on the same disk; what is left there at the end goes."""
        path = self._unfinished_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def unfinished_folder(self) -> Generator[Path]:
        """A folder to write to, on the same disk; what is left of it at the end goes."""
        path = self._unfinished_path()
        path.mkdir(parents=True)
        try:
            yield path
        finally:
            shutil.rmtree(path)

    def keep(self, written: Path, sha256: str) -> None:
        """Let what was written appear under its fingerprint."""
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        written.replace(target)

    def parts(self, sha256: str) -> Mapping[str, Version] | None:
        """The departments into which the file with this fingerprint was split, if it was."""
        try:
            parts = self._list(sha256).read_bytes()
            return msgspec.json.decode(parts, type=dict[str, Version])
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def keep_parts(self, sha256: str, written: Path, parts: Mapping[str, Version]) -> None:
        """Let the parts appear, and then the list that says that they are all."""
        for department, part in parts.items():
            self.keep(written / department, part.sha256)
        self._replace(self._list(sha256), parts)

    def entry(self, url: str) -> Entry | None:
        """What is known of a URL; a note that a crash left unreadable is none."""
        try:
            entry = msgspec.json.decode(self._note(url).read_bytes(), type=Entry)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return entry if entry.url == url else None

    def note(self, entry: Entry) -> None:
        """Replace what is known of a URL."""
        self._replace(self._note(entry.url), entry)

    def sweep(self) -> None:
        """Take away what processes that died a day ago or more were writing."""
        for path in (self.folder / "unfinished").glob("*"):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def _replace(self, target: Path, content: Entry | Mapping[str, Version]) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.unfinished() as path:
            path.write_bytes(msgspec.json.encode(content))
            path.replace(target)

    def _list(self, sha256: str) -> Path:
        return self.folder / "parts" / f"{sha256}.json"

    def _unfinished_path(self) -> Path:
        return self.folder / "unfinished" / uuid4().hex

    def _note(self, url: str) -> Path:
        name = hashlib.sha256(url.encode()).hexdigest()
        return self.folder / "urls" / name[:2] / f"{name}.json"


class Writer:
    """Writes a file and takes its fingerprint meanwhile."""

    def __init__(self, file: IO[bytes]) -> None:
        self.size_bytes: int = 0
        self._file = file
        self._hashing = hashlib.sha256()

    def write(self, block: bytes | bytearray) -> None:
        self._file.write(block)
        self._hashing.update(block)
        self.size_bytes += len(block)

    def finish(self) -> str:
        """The fingerprint, once all of it has reached the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._hashing.hexdigest()


def fingerprint(path: Path) -> Version:
    """Of a file that lies elsewhere."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Version(sha256=sha256, size_bytes=file.tell())


def utc_now() -> datetime:
    return datetime.now(UTC)
