import pytest

from services.scraper.domain import (
    Source,
    department_of,
    edition_in,
    is_department,
    parse_sources,
)

FORMATS = ("geo-dvf",)


def test_a_source_may_serve_some_years_only():
    [old, new] = parse_sources(
        ["geo-dvf@2018-2021=file:///srv/{year}/{insee}.csv", "geo-dvf=https://a.org/{year}.gz"],
        formats=FORMATS,
    )

    assert (old.serves(2017), old.serves(2018), old.serves(2021), old.serves(2022)) == (
        False, True, True, False,
    )  # fmt: skip
    assert new.serves(1999)
    assert (old.is_by_commune, new.is_by_commune) == (True, False)


@pytest.mark.parametrize(
    "entry,problem",
    [
        ("geo-dvf", "is not FORMAT[@FROM-TO]=TEMPLATE"),
        ("immo=file:///x", "unknown format immo (known: geo-dvf)"),
        ("geo-dvf@2021-2018=file:///x", "ends before it begins"),
        ("geo-dvf=ftp://x/{year}", "needs a URL that begins with"),
        ("geo-dvf=srv/{year}.csv", "needs a URL that begins with"),
        ("geo-dvf=file:///srv/{yaer}.csv", "unknown field {yaer}"),
        ("geo-dvf=file:///srv/{year.csv", "unbalanced braces"),
        ("geo-dvf=file:///srv/{insee:d}.csv", "a field that cannot be filled in"),
        ("geo-dvf=file:///srv/{year:{month}}.csv", "a field that cannot be filled in"),
    ],
)
def test_a_wrong_entry_is_named_with_its_problem(entry: str, problem: str):
    with pytest.raises(ValueError, match=r".+") as refused:
        parse_sources([entry, "geo-dvf=file:///good.csv"], formats=FORMATS)

    assert problem in str(refused.value)
    assert "good" not in str(refused.value)


@pytest.mark.parametrize(
    "insee_code,department",
    [("01053", "01"), ("2A004", "2A"), ("97411", "974"), ("75101", "75"), ("98735", "987")],
)
def test_a_commune_is_filed_under_its_department(insee_code: str, department: str):
    assert department_of(insee_code) == department


def test_the_folders_of_a_year_are_tried_from_the_deepest():
    source = Source("geo-dvf", "https://a.org/dvf/{year}/communes/{department}/{insee}.csv")

    assert source.url("97411", 2020) == "https://a.org/dvf/2020/communes/974/97411.csv"
    assert source.year_folders("97411", 2020) == [
        "https://a.org/dvf/2020/communes/974/",
        "https://a.org/dvf/2020/communes/",
        "https://a.org/dvf/2020/",
    ]
    assert Source("geo-dvf", "https://a.org/{insee}-{year}.csv").year_folders("01053", 2020) == []


@pytest.mark.parametrize(
    "url,edition",
    [
        ("https://a.org/geo-dvf/2025-12/csv/2021/x.csv", "2025-12"),
        ("https://a.org/geo-dvf/latest/csv/2021/x.csv", "latest"),
        ("https://a.org/dgfip_dvf/202404/valeursfoncieres-2019.txt", "202404"),
        ("file:///srv/dvf/2021/communes/01/01053.csv", ""),
    ],
)
def test_a_url_may_name_its_vintage(url: str, edition: str):
    assert edition_in(url) == edition


@pytest.mark.parametrize("code", ["01", "2A", "2B", "95", "971", "974"])
def test_a_department_is_told_from_a_commune(code: str):
    assert is_department(code)
    assert not is_department("01053")
    assert not is_department("2A004")
    assert not is_department("97411")


@pytest.mark.parametrize(
    "template,by_commune,national",
    [
        ("https://a.org/{year}/{insee}.csv", True, False),
        ("https://a.org/{year}/{department}/{insee}.csv", True, False),
        ("https://a.org/{year}/{department}.csv.gz", False, False),
        ("https://a.org/{year}.txt", False, True),
        ("file:///srv/all.csv", False, True),
    ],
)
def test_a_template_says_whose_sales_a_file_has(
    template: str,
    by_commune: bool,  # noqa: FBT001 - a column of the table above
    national: bool,  # noqa: FBT001
):
    source = Source("geo-dvf", template)

    assert (source.is_by_commune, source.is_national) == (by_commune, national)


@pytest.mark.parametrize(
    "year,edition",
    [
        (2014, "201904"),
        (2015, "201904"),
        (2016, "202110"),
        (2017, "202204"),
        (2018, "202304"),
        (2019, "202404"),
        (2020, "202504"),
        (2021, "202504"),
        (2024, "202504"),
    ],
)
def test_a_raw_year_is_taken_from_the_latest_delivery_that_held_it(year: int, edition: str):
    source = Source("raw-dvf", "https://a.org/{edition}/{year}.txt")

    assert source.url("01053", year) == f"https://a.org/{edition}/{year}.txt"
    assert edition_in(source.url("01053", year)) == edition


def test_the_edition_of_geo_files_is_the_latest():
    source = Source("geo-dvf", "https://a.org/{edition}/{year}/{insee}.csv")

    assert source.url("01053", 2019) == "https://a.org/latest/2019/01053.csv"


def test_only_files_that_name_their_edition_never_change():
    assert Source("raw-dvf", "https://a.org/{edition}/{year}.txt").is_immutable
    assert not Source("raw-dvf", "https://a.org/202404/{year}.txt").is_immutable
    assert not Source("geo-dvf", "https://a.org/{edition}/{year}.csv").is_immutable
