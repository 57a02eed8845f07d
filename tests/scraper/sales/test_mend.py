import pytest

from services.scraper.sales import SalesFileError, read_sales
from tests.scraper.sales.geo_dvf import HOUSE, table

OTHER = HOUSE | {"date_mutation": "2019-04-01", "id_parcelle": "01053000AB0013"}
HEADER, FIRST, SECOND = table(HOUSE, OTHER).decode().splitlines()


@pytest.mark.parametrize(
    "bad",
    [
        "",
        FIRST[: len(FIRST) // 2],
        FIRST + ",",
        FIRST.replace("RUE DES", "RUE, DES"),
        FIRST.replace("RUE DES LILAS", '"RUE DES LILAS'),
        FIRST.replace("RUE DES LILAS", '"RUE" DES LILAS'),
        FIRST.replace("2019-03-01", "le 3 mars"),
        FIRST.replace("01053,", ","),
    ],
    ids=["blank", "cut", "longer", "comma", "open-quote", "odd-quote", "no-date", "no-commune"],
)
def test_a_bad_line_costs_itself_alone(bad):
    reading = read_sales(f"{HEADER}\n{SECOND}\n{bad}\n{FIRST}\n".encode(), name="a.csv")
    assert (reading.lines, reading.bad_lines, reading.homes) == (3, 1, 2)
    assert sorted(reading.sales["line"]) == [2, 4]


def test_the_first_line_may_be_the_bad_one():
    for bad in ("", "x", FIRST[:40], FIRST + ",", '"'):
        reading = read_sales(f"{HEADER}\n{bad}\n{SECOND}\n".encode(), name="a.csv")
        assert (reading.lines, reading.bad_lines, reading.homes) == (2, 1, 1)


def test_quotes_within_a_field_are_text():
    quoted = FIRST.replace("RUE DES LILAS", 'RUE "DES" LILAS')
    sale = read_sales(f"{HEADER}\n{quoted}\n".encode(), name="a.csv").sales.row(0, named=True)
    assert sale["street"] == 'RUE "DES" LILAS'


def test_a_comma_within_quotes_is_text():
    quoted = FIRST.replace("RUE DES LILAS", '"RUE DES LILAS, BAT. A"')
    reading = read_sales(f"{HEADER}\n{quoted}\n{SECOND}\n".encode(), name="a.csv")
    assert (reading.bad_lines, reading.homes) == (0, 2)
    assert "12 RUE DES LILAS, BAT. A" in reading.sales["address"]


def test_blank_lines_at_the_end_are_no_lines():
    reading = read_sales(f"{HEADER}\n{FIRST}\n\n\n".encode(), name="a.csv")
    assert (reading.lines, reading.bad_lines) == (1, 0)


def test_a_file_of_bad_lines_is_refused():
    content = f"{HEADER}\n{FIRST}\nx\ny\nz".encode()
    with pytest.raises(SalesFileError, match="only 1 of 4 lines") as raised:
        read_sales(content, name="a.csv")
    assert raised.value.code == "bad_rows"
