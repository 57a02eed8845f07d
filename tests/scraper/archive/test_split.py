"""A national file by department: each line where it belongs, each part a file like the whole."""

import gzip
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from deploy.simulator.layout import COLUMNS
from services.scraper.archive.split import StoppedError, split_by_department
from services.scraper.archive.store import fingerprint
from services.scraper.handlers.ports import BrokenFileError
from services.scraper.sales import SalesFileError, read_sales
from tests.scraper.sales.raw_dvf import HEADER, raw_file, raw_line
from tests.scraper.stage import flat

GEO_HEADER = ",".join(COLUMNS)


def geo_line(code: str, **changes: Any) -> str:
    line = flat("2019-05-02", code_commune=code, **changes)
    return ",".join(line.get(column, "") for column in COLUMNS)


def raw_of(department: str, commune: str) -> dict[str, str]:
    line = raw_line(flat("2019-05-02"))
    return line | {"Code departement": department, "Code commune": commune}


def split(blocks: Iterable[bytes], folder: Path, *, most_bytes: int = 10**6) -> dict[str, bytes]:
    parts = split_by_department(
        blocks, folder, name="x", most_bytes=most_bytes, stop=threading.Event()
    )
    for department, part in parts.items():
        assert part == fingerprint(folder / department)
    return {department: gzip.decompress((folder / department).read_bytes()) for department in parts}


def in_blocks(content: bytes, size: int) -> list[bytes]:
    return [content[at : at + size] for at in range(0, len(content), size)]


@pytest.mark.parametrize("size", [7, 100, 100_000])
def test_each_line_goes_to_its_department_in_the_order_of_the_file(tmp_path: Path, size: int):
    lines = [geo_line(code, id_mutation=code) for code in ("01053", "2A004", "01004", "97411")]
    content = "\n".join([GEO_HEADER, *lines, ""]).encode()

    parts = split(in_blocks(content, size), tmp_path)

    assert parts == {
        "01": "\n".join([GEO_HEADER, lines[0], lines[2], ""]).encode(),
        "2A": "\n".join([GEO_HEADER, lines[1], ""]).encode(),
        "974": "\n".join([GEO_HEADER, lines[3], ""]).encode(),
    }


def test_how_the_file_comes_changes_no_fingerprint(tmp_path: Path):
    content = "\n".join([GEO_HEADER, *[geo_line(f"01{n:03}") for n in range(1, 900)]]).encode()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    split(in_blocks(content, 99_999), tmp_path / "a")
    split([content + b"\n"], tmp_path / "b")

    assert (tmp_path / "a/01").read_bytes() == (tmp_path / "b/01").read_bytes()


def test_the_last_line_needs_no_end_and_the_header_no_mark(tmp_path: Path):
    content = "\ufeff" + "\r\n".join([GEO_HEADER, geo_line("01053")])

    parts = split([content.encode()], tmp_path)

    assert list(parts) == ["01"]
    assert parts["01"].startswith(b"id_mutation,")
    assert read_sales(tmp_path / "01", name="x").homes == 1


def test_a_quoted_street_may_have_commas(tmp_path: Path):
    quoted = geo_line("2B033", adresse_nom_voie='"RUE ""X"", 12"')

    assert list(split([f"{GEO_HEADER}\n{quoted}\n".encode()], tmp_path)) == ["2B"]


@pytest.mark.parametrize(
    "department,commune,part",
    [
        ("01", "53", "01"),
        ("1", "53", "01"),
        ("1.0", "53.0", "01"),
        ("2A", "4", "2A"),
        ("974", "11", "974"),
        ("97", "411", "974"),
        ("97.0", "411.0", "974"),
        ("33", "63", "33"),
    ],
)
def test_a_raw_line_is_told_by_its_department(
    tmp_path: Path, department: str, commune: str, part: str
):
    parts = split([raw_file(raw_of(department, commune))], tmp_path)

    assert list(parts) == [part]
    assert parts[part].decode().startswith(HEADER)
    [sale] = read_sales(tmp_path / part, name="x").sales.iter_rows(named=True)
    assert sale["insee_code"].startswith(part)


def test_a_column_of_line_numbers_before_the_others_confuses_nobody(tmp_path: Path):
    """As pandas leaves it."""
    header, line = raw_file(raw_of("1.0", "53.0")).decode().splitlines()

    assert list(split([f"|{header}\n0|{line}\n".encode()], tmp_path)) == ["01"]


@pytest.mark.parametrize("code", ["", "x", "00001", "99123", "9", "2C001", "1053", "01053 "])
def test_a_line_that_names_no_department_is_left_out(tmp_path: Path, code: str):
    lines = [geo_line("01053"), geo_line("01053"), geo_line(code)]

    parts = split(["\n".join([GEO_HEADER, *lines]).encode()], tmp_path)

    assert list(parts) == ["01"]


@pytest.mark.parametrize("department", ["", "0", "20", "96", "100", "97", "2C", "1.5", "xx"])
def test_a_raw_line_that_names_no_department_is_left_out(tmp_path: Path, department: str):
    known = [raw_of("01", "53")] * 2

    assert list(split([raw_file(*known, raw_of(department, ""))], tmp_path)) == ["01"]


def test_lines_too_short_for_a_department_are_left_out(tmp_path: Path):
    lines = [geo_line("01053")] * 4 + ["1,2", "", '"']

    assert list(split(["\n".join([GEO_HEADER, *lines]).encode()], tmp_path)) == ["01"]


def test_a_file_that_names_hardly_any_department_is_broken(tmp_path: Path):
    lines = [geo_line("01053"), geo_line("x"), geo_line("y")]

    with pytest.raises(BrokenFileError, match="2 of 3 lines"):
        split(["\n".join([GEO_HEADER, *lines]).encode()], tmp_path)


@pytest.mark.parametrize(
    "content,code",
    [
        (b"<html>\n", "html"),
        (b"", "empty"),
        (b"a,b\n1,2\n", "missing_columns"),
        (b"\xff\xfe\n", "not_utf8"),
    ],
)
def test_a_header_of_no_sales_file_has_its_name(tmp_path: Path, content: bytes, code: str):
    with pytest.raises(SalesFileError) as refused:
        split([content] if content else [], tmp_path)

    assert refused.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_a_header_alone_has_no_department(tmp_path: Path):
    assert split([GEO_HEADER.encode()], tmp_path) == {}


def test_a_text_without_line_ends_is_not_held_in_memory(tmp_path: Path):
    with pytest.raises(BrokenFileError, match="no lines"):
        split([b"x" * 1000] * 2000, tmp_path)


def test_a_department_beyond_the_cap_is_refused(tmp_path: Path):
    content = "\n".join([GEO_HEADER, *[geo_line("01053")] * 100]).encode()

    with pytest.raises(BrokenFileError, match="01") as refused:
        split([content], tmp_path, most_bytes=10_000)
    assert refused.value.code == "too_large"


def test_nobody_waits_for_parts_that_nobody_wants_any_more(tmp_path: Path):
    stop = threading.Event()
    stop.set()

    with pytest.raises(StoppedError):
        split_by_department(
            [raw_file(raw_of("01", "53"))], tmp_path, name="x", most_bytes=10**6, stop=stop
        )
