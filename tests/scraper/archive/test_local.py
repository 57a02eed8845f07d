"""Files of this disk: read where they lie."""

import gzip
import hashlib
from pathlib import Path

import msgspec
import pytest

from services.scraper.archive import Archive
from services.scraper.archive.bounds import Bounds
from services.scraper.domain import Source
from services.scraper.handlers.ports import BrokenFileError, Fetched, MissingFileError, Place

PLACE = Place(insee_code="01053", communes=("01053",), moved={}, neighbours=(), known={})


async def fetch(archive: Archive, template: str) -> Fetched:
    return await archive.fetch(Source("geo-dvf", f"file://{template}"), PLACE, 2019, patient=True)


async def test_a_file_is_read_in_place(archive: Archive, tmp_path: Path):
    (tmp_path / "01053.csv").write_bytes(b"x")

    fetched = await fetch(archive, f"{tmp_path}/{{insee}}.csv")

    assert fetched.path == tmp_path / "01053.csv"
    assert fetched.sha256 == hashlib.sha256(b"x").hexdigest()
    assert not archive.store.folder.exists()


@pytest.mark.parametrize("name", ["{insee}", "{department}"])
async def test_a_changed_file_has_another_fingerprint(archive: Archive, tmp_path: Path, name: str):
    path = tmp_path / name.format(insee="01053", department="01")
    seen: set[str] = set()
    for content in (b"a", b"b", b"b"):
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        seen.add((await fetch(archive, f"{tmp_path}/{name}")).sha256)

    assert len(seen) == 2


async def test_a_shared_file_is_read_through_once(archive: Archive, tmp_path: Path):
    path = tmp_path / "01.csv"
    path.write_bytes(b"x")
    first = await fetch(archive, f"{tmp_path}/{{department}}.csv")
    [note] = (archive.store.folder / "urls").rglob("*.json")
    written = note.stat().st_ino

    assert await fetch(archive, f"{tmp_path}/{{department}}.csv") == first
    assert note.stat().st_ino == written

    path.chmod(0o600)  # changes its stamp, as any change would
    assert await fetch(archive, f"{tmp_path}/{{department}}.csv") == first
    assert note.stat().st_ino != written


async def test_a_file_may_be_missing(archive: Archive, tmp_path: Path):
    for template in (f"{tmp_path}/{{insee}}.csv", f"{tmp_path}/no/{{department}}.csv"):
        with pytest.raises(MissingFileError):
            await fetch(archive, template)


@pytest.mark.parametrize("name", ["{insee}.csv", "{department}.csv"])
@pytest.mark.parametrize("content", [b"x" * 1001, gzip.compress(bytes(20_000), mtime=0)])
async def test_what_is_too_large_is_refused(
    archive: Archive, tmp_path: Path, name: str, content: bytes
):
    (tmp_path / name.format(insee="01053", department="01")).write_bytes(content)
    strict = msgspec.structs.replace(archive, bounds=Bounds(file_bytes=1000, text_bytes=10_000))

    with pytest.raises(BrokenFileError) as refused:
        await fetch(strict, f"{tmp_path}/{name}")
    assert refused.value.code == "too_large"
