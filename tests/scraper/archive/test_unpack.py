"""The text of a file in blocks, and what is cut off."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from services.scraper.archive.unpack import check_text, text_blocks
from services.scraper.handlers.ports import BrokenFileError

MIB = 1024 * 1024
TEXT = b"".join(b"%d,sales\n" % number for number in range(200_000))


def zipped(*contents: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.txt", content)
    return target.getvalue()


def encrypted() -> bytes:
    """The flag that says so is all that a reader looks at first."""
    content = bytearray(zipped(b"sales"))
    for at in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[at] |= 1
    return bytes(content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zipped], ids=["plain", "gzip", "zip"])
def test_the_text_comes_in_blocks_however_it_was_packed(path: Path, pack):
    path.write_bytes(pack(TEXT))

    blocks = list(text_blocks(path, name="x", most_bytes=len(TEXT)))

    assert b"".join(blocks) == TEXT
    assert max(map(len, blocks)) <= MIB


def test_several_gzip_files_in_a_row_are_one_text(path: Path):
    path.write_bytes(gzip.compress(b"a\n") + gzip.compress(b"b\n"))

    assert b"".join(text_blocks(path, name="x", most_bytes=MIB)) == b"a\nb\n"


@pytest.mark.parametrize("pack", [gzip.compress, zipped], ids=["gzip", "zip"])
def test_a_bomb_is_cut_off_by_its_ratio(path: Path, pack):
    path.write_bytes(pack(bytes(64 * MIB)))

    received: list[int] = []
    blocks = text_blocks(path, name="x", most_bytes=1024 * MIB)
    with pytest.raises(BrokenFileError, match="unpacks to more than") as refused:
        received.extend(map(len, blocks))
    assert refused.value.code == "too_large"
    assert sum(received) <= 17 * MIB


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zipped], ids=["plain", "gzip", "zip"])
def test_a_text_beyond_the_cap_is_refused(path: Path, pack):
    path.write_bytes(pack(TEXT))

    with pytest.raises(BrokenFileError, match="unpacks to more than") as refused:
        check_text(path, name="x", most_bytes=len(TEXT) - 1)
    assert refused.value.code == "too_large"


def flipped(content: bytes) -> bytes:
    return content[:-8] + b"\xff" * 4 + content[-4:]


@pytest.mark.parametrize(
    "content,code",
    [
        (gzip.compress(TEXT)[:-1000], "truncated_gzip"),
        (flipped(gzip.compress(TEXT)), "damaged_gzip"),
        (zipped(TEXT)[:-1000], "damaged_zip"),
        (zipped(b"a", b"b"), "damaged_zip"),
        (encrypted(), "damaged_zip"),
    ],
    ids=["cut", "flipped", "cut-zip", "two-members", "encrypted"],
)
def test_a_flaw_has_a_name(path: Path, content: bytes, code: str):
    path.write_bytes(content)

    with pytest.raises(BrokenFileError) as refused:
        list(text_blocks(path, name="x", most_bytes=1024 * MIB))
    assert refused.value.code == code


def test_a_check_leaves_other_flaws_to_who_reads_the_file(path: Path):
    path.write_bytes(gzip.compress(TEXT)[:-1000])

    check_text(path, name="x", most_bytes=1024 * MIB)
