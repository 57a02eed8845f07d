"""One file of many communes, read for some of them."""

from pathlib import Path

import pytest
from polars.testing import assert_frame_equal

from services.scraper.sales import SalesFileError, read_sales
from tests.scraper.sales.geo_dvf import FLAT, GARAGE, HOUSE, PLOT, table
from tests.scraper.sales.raw_dvf import raw_table

ELSEWHERE = {"code_commune": "01283", "id_parcelle": "01283000AB0012"}
FILE = table(HOUSE, FLAT | ELSEWHERE, GARAGE | ELSEWHERE, PLOT)


def test_only_the_communes_asked_for_are_kept():
    whole, part = (read_sales(FILE, name="01.csv", only=only) for only in (None, {"01283"}))
    expected = whole.sales.filter(insee_code="01283")
    assert_frame_equal(part.sales, expected)
    assert (part.groups, part.homes, part.kinds["house"]) == (1, 1, 0)


def test_lines_are_counted_by_commune_and_for_the_whole_file():
    whole, part = (read_sales(FILE, name="01.csv", only=only) for only in (None, ["01283"]))
    assert whole.lines_by_commune == {"01053": 2, "01283": 2}
    assert part.lines_by_commune == {"01283": 2}
    assert whole.lines == part.lines == 4


def test_a_commune_that_moved_is_asked_for_by_its_code_of_today():
    former = HOUSE | {"code_commune": "01312", "id_parcelle": "01312000ZC0122"}
    content, moved = table(former, FLAT), {"01312": "01426"}
    reading = read_sales(content, name="01.csv", moved=moved, only=["01426"])
    assert reading.lines_by_commune == {"01426": 1}
    assert reading.sales["parcel"].to_list() == ["01426312ZC0122"]
    assert not read_sales(content, name="01.csv", moved=moved, only=["01312"]).lines_by_commune


def test_no_commune_of_the_file_gives_no_sale():
    reading = read_sales(FILE, name="01.csv", only=["75101"])
    assert (reading.sales.height, reading.lines, reading.bad_lines) == (0, 4, 0)
    assert reading.sales.schema == read_sales(FILE, name="01.csv").sales.schema


def test_bad_lines_are_the_files_whoever_asks():
    content = FILE + b"cut,off\n"
    readings = [read_sales(content, name="01.csv", only=only) for only in (None, ["01053"], [])]
    assert [reading.bad_lines for reading in readings] == [1, 1, 1]
    with pytest.raises(SalesFileError, match="only 0 of 2 lines"):
        read_sales(FILE[: FILE.index(b"\n")] + b"\nx\ny\n", name="01.csv", only=["01053"])


def test_raw_files_are_read_for_some_communes_too():
    reading = read_sales(raw_table(FLAT, HOUSE | ELSEWHERE), name="a.txt", only=["01283"])
    assert reading.lines_by_commune == {"01283": 1}


@pytest.mark.parametrize("year", [2018, 2021])
def test_a_real_commune_is_the_same_alone_and_in_company(shared_data: Path, year):
    folder = shared_data / "sales/geo-dvf" / str(year) / "communes"
    alone = read_sales(folder / "01/01053.csv", name="01053.csv")
    together = (folder / "01/01053.csv").read_bytes() + table(FLAT | ELSEWHERE).split(b"\n", 1)[1]
    reading = read_sales(together, name="01.csv", only=["01053"])
    assert_frame_equal(reading.sales, alone.sales)
    assert reading.lines == alone.lines + 1
