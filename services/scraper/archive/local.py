"""Files of this disk, read where they lie: the operator's own archive needs no second copy."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from services.scraper.archive.bounds import Bounds
from services.scraper.archive.store import Entry, Store, Version, fingerprint, utc_now
from services.scraper.archive.unpack import check_text
from services.scraper.domain import Source
from services.scraper.handlers.ports import (
    BrokenFileError,
    Fetched,
    MissingFileError,
    Place,
    SourceDownError,
)


def is_local(url: str) -> bool:
    return url.startswith("file:")


def path_of(url: str) -> Path:
    """Where the file of a `file://` URL lies."""
    return Path(unquote(urlsplit(url).path))


def fetch_local(store: Store, source: Source, url: str, bounds: Bounds) -> Fetched:
    """The file with its fingerprint; that of a shared one is remembered by its stamp."""
    path = path_of(url)
    try:
        if path.stat().st_size > bounds.file_bytes:
            raise BrokenFileError("too_large", f"{url} has more than {bounds.file_bytes:,} bytes.")
        version = _fingerprint(store, source, url, path, bounds)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MissingFileError(url) from error
    except OSError as error:
        raise SourceDownError(f"{url} cannot be read ({type(error).__name__})") from error
    return Fetched(path=path, sha256=version.sha256, size_bytes=version.size_bytes)


def has_year_on_disk(source: Source, place: Place, year: int) -> bool:
    """Whether the year has a folder, or any commune of the department a file."""
    folders = source.year_folders(place.insee_code, year)
    if any(path_of(folder).is_dir() for folder in folders):
        return True
    path = path_of(source.pattern(place.insee_code, year))
    return any(path.parents[-1].glob(str(path.relative_to(path.anchor))))


def _fingerprint(store: Store, source: Source, url: str, path: Path, bounds: Bounds) -> Version:
    """Large files that many places read are not read through for each of them."""
    stamp = "" if source.is_by_commune else _stamp(path)
    entry = store.entry(url) if stamp else None
    if entry and entry.newest and entry.newest.etag == stamp:
        return entry.newest
    if not source.is_national:
        check_text(path, name=url, most_bytes=bounds.text_bytes)
    version = msgspec.structs.replace(fingerprint(path), etag=stamp)
    if stamp:
        store.note(Entry(url=url, asked_at=utc_now(), newest=version))
    return version


def _stamp(path: Path) -> str:
    found = path.stat()
    return f"{found.st_ino}-{found.st_size}-{found.st_mtime_ns}-{found.st_ctime_ns}"
