import gzip
import io
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scraper.sales import SalesFileError, read_sales
from services.scraper.sales.source import open_sales_file
from tests.scraper.sales.geo_dvf import COLUMNS, FLAT, HOUSE, table

FILE = table(HOUSE)


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        FILE,
        gzip.compress(FILE, mtime=0),
        zipped(sales=FILE),
        b"\xef\xbb\xbf" + FILE,
        FILE.replace(b"\n", b"\r\n"),
        FILE.rstrip(b"\n"),
        FILE.replace(b"lot1_numero", b"lot_1_numero"),
        FILE.replace(b"RUE DES LILAS", b'"RUE DES LILAS"'),
    ],
    ids=["plain", "gzip", "zip", "bom", "crlf", "no-last-newline", "notice-names", "quotes"],
)
def test_wrapping_of_a_file_does_not_matter(content):
    reading = read_sales(content, name="a.csv")
    assert reading.sales.drop("line").equals(read_sales(FILE, name="a.csv").sales.drop("line"))
    assert (reading.lines, reading.bad_lines) == (1, 0)


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(sales=content)])
def test_what_unpacks_to_more_than_we_hold_is_refused_before_it_is_held(pack):
    open_sales_file(pack(FILE), name="a", most_bytes=len(FILE))
    with pytest.raises(SalesFileError, match="a unpacks to more than") as refused:
        open_sales_file(pack(FILE), name="a", most_bytes=len(FILE) - 1)
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("at,value", [(6, 0x01), (8, 99)], ids=["encrypted", "unknown-method"])
def test_a_zip_that_we_cannot_unpack_is_a_named_error(at: int, value: int):
    packed = bytearray(zipped(sales=FILE))
    packed[at] = value
    packed[packed.index(b"PK\x01\x02") + at + 2] = value
    with pytest.raises(SalesFileError) as refused:
        read_sales(bytes(packed), name="a.zip")
    assert refused.value.code == "damaged_zip"


def test_a_file_with_bytes_that_no_text_has_is_refused():
    with pytest.raises(SalesFileError) as refused:
        read_sales(FILE.replace(b"LILAS", b"LIL\0S"), name="a.csv")
    assert refused.value.code == "not_text"


def test_a_path_is_read_like_its_bytes(tmp_path):
    (tmp_path / "a.csv").write_bytes(FILE)
    assert read_sales(tmp_path / "a.csv", name="a.csv").homes == 1


def test_columns_are_found_by_name_and_others_ignored():
    shuffled = ("section_prefixe", *reversed(COLUMNS), "section_prefixe")
    reading = read_sales(table(FLAT, columns=shuffled), name="a.csv")
    assert reading.sales.equals(read_sales(table(FLAT), name="a.csv").sales)


def test_a_header_alone_is_a_valid_file_without_sales():
    reading = read_sales(table(), name="a.csv")
    assert (reading.lines, reading.groups, reading.homes, reading.postable) == (0, 0, 0, 0)
    assert reading.sales.schema == read_sales(FILE, name="a.csv").sales.schema


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "html"),
        (b"\n  <html></html>", "html"),
        (gzip.compress(FILE, mtime=0)[:-20], "truncated_gzip"),
        (gzip.compress(FILE, mtime=0)[:12], "truncated_gzip"),
        (b"\x1f\x8b nothing of the kind", "damaged_gzip"),
        (gzip.compress(FILE, mtime=0)[:-8] + b"01234567", "damaged_gzip"),
        (zipped(a=FILE)[:-30], "damaged_zip"),
        (zipped(a=FILE, b=FILE), "damaged_zip"),
        (b"id_mutation,date_mutation\n1,2019-01-01\n", "missing_columns"),
        (FILE.replace(b"valeur_fonciere", b"prix"), "missing_columns"),
        (b"Code service CH|Reference document|No disposition|Date mutation\n", "missing_columns"),
        (FILE.replace(b"RUE DES LILAS", "RUE DES ÉGLANTINES".encode("latin-1")), "not_utf8"),
        (FILE.replace(b"latitude", b"latitud\xe9"), "not_utf8"),
    ],
)
def test_a_broken_file_has_a_named_error(content, code):
    with pytest.raises(SalesFileError) as raised:
        read_sales(content, name="01053.csv")
    assert raised.value.code == code
    assert str(raised.value).startswith("01053.csv ")


def test_missing_columns_are_named():
    with pytest.raises(SalesFileError, match="valeur_fonciere"):
        read_sales(FILE.replace(b"valeur_fonciere", b"prix"), name="a.csv")


def test_the_raw_layout_is_recognised():
    with pytest.raises(SalesFileError, match="raw DVF layout"):
        read_sales(b"Code service CH|No disposition|Date mutation\n", name="a.txt")


damage = st.tuples(st.integers(0), st.integers(0, 9), st.binary(max_size=4) | st.just(b'"'))


@settings(deadline=None, max_examples=150)
@given(st.lists(damage, min_size=1, max_size=4), st.booleans())
def test_a_damaged_file_gives_a_reading_or_a_named_error(damages, pack):
    content = table(HOUSE, FLAT, HOUSE, FLAT)
    for at, length, put in damages:
        place = at % len(content)
        content = content[:place] + put + content[place + length :]
    with suppress(SalesFileError):
        reading = read_sales(gzip.compress(content) if pack else content, name="a.csv")
        assert reading.homes + sum(reading.rejected.values()) == reading.groups
