import pytest

from services.scraper.domain import Source, department_of, edition_in, parse_sources

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
