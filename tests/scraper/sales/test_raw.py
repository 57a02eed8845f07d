"""Raw DVF gives the sales of geo-DVF: each trap of the layout, alone."""

import gzip
from datetime import date

import pytest
from polars.testing import assert_frame_equal

from services.scraper.sales import Reading, SalesFileError, read_sales
from tests.scraper.sales.geo_dvf import FLAT, HOUSE, read
from tests.scraper.sales.raw_dvf import (
    HEADER,
    only_raw_sale,
    raw_file,
    raw_line,
    read_raw,
)
from tests.scraper.sales.test_source import zipped

RAW_HOUSE = raw_line(HOUSE)
RAW_FLAT = raw_line(FLAT)
NOT_IN_RAW = ("city_name", "latitude", "longitude")


def same_but_for_places(raw: Reading, geo: Reading) -> None:
    assert_frame_equal(raw.sales.drop(NOT_IN_RAW), geo.sales.drop(NOT_IN_RAW))
    assert (raw.lines, raw.groups, raw.postable) == (geo.lines, geo.groups, geo.postable)
    assert (raw.kinds, raw.rejected) == (geo.kinds, geo.rejected)


def test_a_house_reads_as_in_geo_dvf():
    same_but_for_places(read_raw(RAW_HOUSE), read(HOUSE))
    sale = only_raw_sale(RAW_HOUSE)
    assert (sale["latitude"], sale["longitude"]) == (None, None)


@pytest.mark.parametrize(
    "written, sold_on",
    [
        ("01/03/2019", date(2019, 3, 1)),
        ("2019/03/01", date(2019, 3, 1)),
        ("31/12/2018", date(2018, 12, 31)),
    ],
)
def test_dates_come_day_first_or_year_first(written, sold_on):
    assert only_raw_sale(RAW_HOUSE | {"Date mutation": written})["sold_on"] == sold_on


@pytest.mark.parametrize("written", ["2019-03-01", "01/03/19", "1/3/2019", "03/31/2019", "", "x"])
def test_a_date_that_the_publisher_does_not_write_is_not_guessed(written):
    reading = read_raw(RAW_FLAT, RAW_HOUSE | {"Date mutation": written})
    assert (reading.lines, reading.bad_lines, reading.homes) == (2, 1, 1)


@pytest.mark.parametrize(
    "written, cents",
    [("109000,00", 10_900_000), ("36,30", 3630), ("109000.0", 10_900_000), ("185000", 18_500_000)],
)
def test_prices_have_a_decimal_comma(written, cents):
    assert only_raw_sale(RAW_HOUSE | {"Valeur fonciere": written})["price_cents"] == cents


@pytest.mark.parametrize("written", ["", "0", "0,00"])
def test_no_price_is_blank(written):
    assert only_raw_sale(RAW_HOUSE | {"Valeur fonciere": written})["price_cents"] is None


@pytest.mark.parametrize(
    "department, commune, insee",
    [
        ("01", "53", "01053"),
        ("1", "53", "01053"),
        ("1.0", "53.0", "01053"),
        ("01", "4", "01004"),
        ("75", "113", "75113"),
        ("2A", "4", "2A004"),
        ("2B", "33", "2B033"),
        ("974", "11", "97411"),
        ("971", "5", "97105"),
        ("97", "105", "97105"),
    ],
)
def test_commune_codes_are_made_of_two_columns(department, commune, insee):
    place = {"Code departement": department, "Code commune": commune}
    sale = only_raw_sale(RAW_HOUSE | place)
    assert (sale["insee_code"], sale["parcel"]) == (insee, f"{insee}000AB0012")


@pytest.mark.parametrize(
    "facts, parcel",
    [
        ({"Section": "A", "No plan": "204"}, "010530000A0204"),
        ({"Section": "ZC", "No plan": "122", "Prefixe de section": "312"}, "01053312ZC0122"),
        ({"Prefixe de section": "18"}, "01053018AB0012"),
        ({"Prefixe de section": "18.0", "No plan": "12.0"}, "01053018AB0012"),
        ({"Section": ""}, "01053000NA0012"),
    ],
    ids=["short", "prefix", "short-prefix", "floats", "pandas-takes-NA-for-nothing"],
)
def test_a_parcel_is_built_of_padded_parts(facts, parcel):
    assert only_raw_sale(RAW_HOUSE | facts)["parcel"] == parcel


@pytest.mark.parametrize(
    "facts",
    [
        {"Code departement": ""},
        {"Code commune": "3.5"},
        {"Code commune": "01053.0"},
        {"Prefixe de section": "x"},
        {"Section": "a-"},
        {"No plan": ""},
        {"No plan": "1e3"},
    ],
)
def test_a_line_without_its_parcel_is_a_bad_line(facts):
    reading = read_raw(RAW_FLAT, RAW_HOUSE | facts)
    assert (reading.bad_lines, reading.homes) == (1, 1)


@pytest.mark.parametrize(
    "facts, address",
    [
        ({}, "12 RUE DES LILAS"),
        ({"B/T/Q": "B"}, "12 B RUE DES LILAS"),
        ({"No voie": "12.0", "B/T/Q": "T"}, "12 T RUE DES LILAS"),
        ({"Type de voie": "", "Voie": "LE VILLAGE"}, "12 LE VILLAGE"),
        ({"Type de voie": "", "Voie": ""}, "12"),
        ({"Voie": 'DU "PORT"'}, '12 RUE DU "PORT"'),
        ({"Voie": '"VIEUX BOURG'}, '12 RUE "VIEUX BOURG'),
    ],
)
def test_an_address_is_joined_as_geo_dvf_spells_it(facts, address):
    sale = only_raw_sale(RAW_HOUSE | facts)
    assert (sale["address"], sale["postable"]) == (address, address != "12")


@pytest.mark.parametrize("written", ["1000", "1000.0", "01000"])
def test_a_postal_code_gets_its_zero_back(written):
    assert only_raw_sale(RAW_HOUSE | {"Code postal": written})["postal_code"] == "01000"


def test_communes_are_not_shouted():
    assert only_raw_sale(RAW_HOUSE)["city_name"] == "Bourg-En-Bresse"


def test_a_former_commune_is_todays():
    then = RAW_HOUSE | {"Code commune": "312", "Section": "ZC", "No plan": "122"}
    sale = only_raw_sale(then, moved={"01312": "01426"})
    assert (sale["insee_code"], sale["parcel"]) == ("01426", "01426312ZC0122")


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        HEADER.replace("Identifiant de document", "Code service CH"),
        HEADER.replace("reelle", "relle"),
        HEADER.replace("eme lot", "e lot"),
        HEADER.upper(),
        "\ufeff" + HEADER,
        HEADER + "\r",
    ],
    ids=["today", "before-2022", "typo", "short-ordinals", "upper-case", "bom", "crlf"],
)
def test_the_layout_is_known_by_its_header(header):
    expected = read_raw(RAW_FLAT).sales
    assert read_sales(raw_file(RAW_FLAT, header=header), name="a.txt").sales.equals(expected)


def test_columns_are_found_by_name():
    header, *rows = raw_file(RAW_FLAT).decode().splitlines()
    turned = "\n".join("|".join(reversed(line.split("|"))) for line in (header, *rows))
    assert read_sales(turned.encode(), name="a.txt").sales.equals(read_raw(RAW_FLAT).sales)


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        lambda content: zipped(**{"valeursfoncieres-2019-s1.txt": content}),
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.rstrip(b"\n"),
    ],
    ids=["gzip", "zip", "crlf", "no-last-newline"],
)
def test_wrapping_does_not_matter(pack):
    reading = read_sales(pack(raw_file(RAW_FLAT, RAW_HOUSE)), name="a.txt")
    same_but_for_places(reading, read(FLAT, HOUSE))


def test_a_missing_column_is_named_as_in_the_file():
    content = raw_file(RAW_HOUSE, header=HEADER.replace("Section|", "Sektion|"))
    with pytest.raises(SalesFileError, match="raw DVF layout: Section") as refused:
        read_sales(content, name="a.txt")
    assert refused.value.code == "missing_columns"


@pytest.mark.parametrize("bad", ["", "|||", "{row}|", "{cut}"])
def test_a_bad_line_costs_itself_alone(bad):
    header, first, second = raw_file(RAW_FLAT, RAW_HOUSE | {"Voie": '"'}).decode().splitlines()
    broken = bad.format(row=first, cut=first[:60])
    reading = read_sales(f"{header}\n{first}\n{broken}\n{second}\n".encode(), name="a.txt")
    assert (reading.lines, reading.bad_lines, reading.groups) == (3, 1, 1)
    assert read_sales(f"{header}\n{broken}\n{second}\n".encode(), name="a.txt").bad_lines == 1


def test_a_file_whose_dates_were_rewritten_is_refused():
    lines = [RAW_HOUSE | {"Date mutation": "2019-03-01"}] * 3
    with pytest.raises(SalesFileError, match="only 0 of 3 lines are sales") as refused:
        read_raw(*lines)
    assert refused.value.code == "bad_rows"
