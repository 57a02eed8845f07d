"""Raw DVF gives the sales of geo-DVF: the real extracts, and laws on invented files."""

import re
from contextlib import suppress
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from services.scraper.sales import SalesFileError, read_sales
from tests.scraper.sales.geo_dvf import FLAT, GARAGE, HOUSE, PLOT, SHOP, read
from tests.scraper.sales.raw_dvf import raw_table
from tests.scraper.sales.test_raw import NOT_IN_RAW, same_but_for_places
from tests.scraper.sales.test_reading import read_file


def test_the_real_pair_gives_the_same_sales(shared_data: Path):
    pair = shared_data / "sales" / "pair-2021"
    raw, geo = read_file(pair / "raw-dvf.txt.gz"), read_file(pair / "geo-dvf.csv.gz")
    same_but_for_places(raw, geo)
    assert (raw.lines, raw.groups, raw.homes, raw.postable) == (41, 19, 12, 11)


def test_a_file_damaged_by_pandas_gives_the_sales_it_had(shared_data: Path):
    sales = shared_data / "sales"
    damaged = read_file(sales / "raw-dvf" / "valeursfoncieres-2018-damaged-by-pandas.txt")
    assert (damaged.lines, damaged.bad_lines) == (10000, 0)
    bourg = damaged.sales.filter(pl.col("insee_code") == "01053").drop("line", NOT_IN_RAW)
    sound = read_file(sales / "geo-dvf" / "2018" / "communes" / "01" / "01053.csv").sales
    expected = sound.select(bourg.columns)
    assert bourg.height == 769
    assert_frame_equal(bourg.sort("property_id"), expected.sort("property_id"))


def test_a_file_of_a_half_year_reads(shared_data: Path):
    path = shared_data / "sales" / "raw-dvf" / "valeursfoncieres-2025-s1-extract.txt"
    reading = read_file(path)
    assert (reading.lines, reading.bad_lines, reading.groups) == (1000, 0, 349)
    assert (reading.homes, reading.postable) == (190, 176)
    assert reading.homes + sum(reading.rejected.values()) == reading.groups
    assert reading.sales["sold_on"].dt.year().unique().to_list() == [2025]


communes = st.sampled_from(["01053", "01004", "2A004", "2B033", "75113", "97105", "97411"])
parcels = st.from_regex(
    re.compile(r"(000|018|312)(0[A-Z]|[A-Z]{2}|NA)[0-9]{3}[1-9]", re.ASCII), fullmatch=True
)
facts = st.fixed_dictionaries({
    "date_mutation": st.dates().map(str) | st.just("2019-03-01"),
    "numero_disposition": st.sampled_from(["000001", "000002"]),
    "nature_mutation": st.sampled_from(["Vente", "Vente", "Adjudication", "Echange"]),
    "valeur_fonciere": st.sampled_from(["200000", "131072.01", "36.3", "1", ""]),
    "adresse_numero": st.sampled_from(["12", "5012", "0", ""]),
    "adresse_suffixe": st.sampled_from(["", "B", "T", "Z"]),
    "adresse_nom_voie": st.sampled_from(["RUE DES LILAS", "LE VILLAGE", "AV D'\"EN HAUT", ""]),
    "code_postal": st.sampled_from(["01000", "75013", ""]),
    "code_nature_culture": st.sampled_from(["S", "J", ""]),
    "surface_terrain": st.sampled_from(["500", ""]),
    "lot1_numero": st.sampled_from(["", "8", "A1"]),
    "lot1_surface_carrez": st.sampled_from(["", "59.87"]),
})  # fmt: skip


def placed(line: dict[str, str], own: dict[str, str], insee: str, parcel: str) -> dict[str, str]:
    return line | own | {"code_commune": insee, "id_parcelle": insee + parcel}


few_lines = st.lists(
    st.builds(placed, st.sampled_from([HOUSE, FLAT, GARAGE, SHOP, PLOT]), facts, communes, parcels),
    max_size=10,
)


@settings(deadline=None, max_examples=60)
@given(few_lines)
def test_the_layout_does_not_matter(lines):
    raw = read_sales(raw_table(*lines), name="a.txt")
    same_but_for_places(raw, read(*lines))


@settings(deadline=None, max_examples=40)
@given(few_lines)
def test_what_pandas_does_to_a_file_does_not_matter(lines):
    sound = raw_table(*lines)
    raw, damaged = (read_sales(each, name="a.txt") for each in (sound, through_pandas(sound)))
    assert_frame_equal(damaged.sales, raw.sales)


def through_pandas(content: bytes) -> bytes:
    """Lines numbered, numbers as floats without leading zeros, the section NA taken for nothing."""
    header, *rows = content.decode().splitlines()
    damaged = ["|".join([str(at), *map(as_float, row.split("|"))]) for at, row in enumerate(rows)]
    return "".join(f"{row}\r\n" for row in (f"|{header}", *damaged)).encode()


def as_float(field: str) -> str:
    if field == "NA":
        return ""
    return str(float(field.replace(",", "."))) if re.fullmatch(r"\d+(,\d+)?", field) else field


damage = st.tuples(
    st.integers(0), st.integers(0, 9), st.binary(max_size=4) | st.sampled_from([b"|", b'"'])
)


@settings(deadline=None, max_examples=100)
@given(st.lists(damage, min_size=1, max_size=4))
def test_a_damaged_file_gives_a_reading_or_a_named_error(damages):
    content = raw_table(HOUSE, FLAT, HOUSE, FLAT)
    for at, length, put in damages:
        place = at % len(content)
        content = content[:place] + put + content[place + length :]
    with suppress(SalesFileError):
        reading = read_sales(content, name="a.txt")
        assert reading.homes + sum(reading.rejected.values()) == reading.groups
