"""Each trap of real sales files is there, in the years that a client's window covers."""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable

import pytest

from deploy.simulator import generate
from deploy.simulator.layout import Dialect
from deploy.simulator.traits import TRAITS
from deploy.simulator.year import deeds

BOURG, VAL_REVERMONT, HENDAYE, AJACCIO = "01053", "01426", "64260", "2A004"
SAINT_DENIS, LYON_3 = "97411", "69383"
Row = dict[str, str]


def lines(insee: str, year: int = 2019, dialect: Dialect = "classic") -> list[Row]:
    return list(csv.DictReader(io.StringIO(generate(insee, year, 1, dialect))))


def groups(rows: list[Row]) -> list[list[Row]]:
    found = defaultdict[tuple[str, ...], list[Row]](list)
    for row in rows:
        key = (row["date_mutation"], row["valeur_fonciere"], row["numero_disposition"])
        found[key].append(row)
    return list(found.values())


def number(row: Row) -> int:
    return int(row["adresse_numero"] or -1)


@pytest.mark.parametrize("insee", [BOURG, VAL_REVERMONT])
def test_every_trait_occurs_every_year(insee):
    for year in (2019, 2020):
        assert set(TRAITS) <= {deed.trait for deed in deeds(insee, year)}


def dispositions_of_one_act(group: list[Row]) -> bool:
    return group[0]["numero_disposition"] == "000002" and group[0]["valeur_fonciere"] not in {
        "",
        "1",
    }


QUIRKS: dict[str, Callable[[list[Row]], bool]] = {
    "locals times cultures": lambda g: (
        len({r["nature_culture"] for r in g if r["type_local"] == "Maison"}) == 2
        and sum(r["type_local"] == "Maison" for r in g) == 2
    ),
    "identical flats": lambda g: (
        g[0]["type_local"] == "Appartement" and len(g) > 2 and all(r == g[0] for r in g)
    ),
    "a house on two parcels": lambda g: (
        g[0]["type_local"] == "Maison" and len({r["id_parcelle"] for r in g}) == 2
    ),
    "a second disposition": dispositions_of_one_act,
    "no price": lambda g: g[0]["valeur_fonciere"] == "",
    "one euro": lambda g: g[0]["valeur_fonciere"] == "1",
    "a fictitious number": lambda g: 5000 <= number(g[0]) < 9000,
    "a fictitious number above 9000": lambda g: number(g[0]) >= 9000,
    "number 0": lambda g: number(g[0]) == 0,
    "no number": lambda g: g[0]["adresse_numero"] == "",
    "a garage alone": lambda g: {r["type_local"] for r in g} == {"Dépendance"},
    "land alone": lambda g: {r["type_local"] for r in g} == {""} and g[0]["surface_terrain"] != "",
    "business alone": lambda g: {r["code_type_local"] for r in g} == {"4"},
    "business and home": lambda g: {"1", "4"} <= {r["code_type_local"] for r in g},
    "off plan without a local": lambda g: (
        g[0]["nature_mutation"].startswith("Vente en l'état") and g[0]["type_local"] == ""
    ),
    "a garage before its flat": lambda g: (
        [r["code_type_local"] for r in g] == ["3", "2"] and g[0]["lot1_numero"] != ""
    ),
    "a Carrez area": lambda g: g[0]["lot1_surface_carrez"] not in {"", g[0]["surface_reelle_bati"]},
    "no position": lambda g: g[0]["longitude"] == "",
    "half a euro": lambda g: g[0]["valeur_fonciere"].endswith(".5"),
}


@pytest.mark.parametrize("quirk", QUIRKS)
def test_the_files_of_ajaccio_have(quirk):
    rows = [row for year in (2018, 2019, 2020) for row in lines(AJACCIO, year)]
    assert any(map(QUIRKS[quirk], groups(rows)))


def test_suffixes_are_letters_of_all_sorts():
    assert {"A", "B", "C", "D", "T"} <= {row["adresse_suffixe"] for row in lines(LYON_3)}


def test_a_hamlet_has_no_way_type_and_loses_its_name_in_the_rewrite():
    hamlet = re.compile("[A-Z]")
    classic, rewrite = (
        {
            row["adresse_nom_voie"]
            for row in lines(VAL_REVERMONT, 2019, dialect)
            if hamlet.match(row["adresse_code_voie"])
        }
        for dialect in ("classic", "2026")
    )
    assert "LE CHATEAU" in classic
    assert rewrite == {""}


def test_an_absorbed_commune_keeps_its_code_beside_todays_or_in_its_place():
    classic, rewrite = lines(VAL_REVERMONT), lines(VAL_REVERMONT, dialect="2026")
    assert {row["code_commune"] for row in classic} == {"01426"}
    assert {row["ancien_code_commune"] for row in classic} == {"", "01312", "01137"}
    assert {row["code_commune"] for row in rewrite} == {"01426", "01312", "01137"}
    assert {row["ancien_code_commune"] for row in rewrite} == {""}
    assert any(row["id_parcelle"].startswith("01426312") for row in classic)


def test_codes_of_corsica_overseas_and_arrondissements_are_spelt_out():
    for insee, department in ((AJACCIO, "2A"), (SAINT_DENIS, "974"), (LYON_3, "69")):
        row = lines(insee)[0]
        assert (row["code_commune"], row["code_departement"]) == (insee, department)
        assert len(row["id_parcelle"]) == 14


def test_a_home_is_sold_again_two_years_later():
    def flats(year: int) -> set[tuple[str, ...]]:
        rows = (row for row in lines(BOURG, year) if row["type_local"] == "Appartement")
        return {(row["id_parcelle"], row["lot1_numero"], row["lot2_numero"]) for row in rows}

    assert len(flats(2018) & flats(2020)) > 5
    assert not flats(2018) & flats(2019)


def test_no_two_deeds_of_a_file_look_like_one():
    made = deeds(BOURG, 2019)
    assert len({(d.signed_on, d.price, d.disposition) for d in made}) == len(made)


def test_the_rewrite_sorts_by_date_and_price_and_writes_floats():
    rows = lines(HENDAYE, dialect="2026")
    order = [(row["date_mutation"], float(row["valeur_fonciere"] or -1)) for row in rows]
    assert order == sorted(order)
    assert all(re.fullmatch(r"(\d+\.\d)?", row["valeur_fonciere"]) for row in rows)
    assert all(row["surface_reelle_bati"] == "0.0" for row in rows if row["code_type_local"] == "3")
    assert any(len(row["lot1_surface_carrez"]) > 9 for row in rows)


def test_both_dialects_have_the_same_lines_but_for_spelling():
    def facts(dialect: Dialect) -> Counter[tuple[str, ...]]:
        columns = ("date_mutation", "id_parcelle", "lot1_numero", "type_local", "nature_culture")
        return Counter(tuple(row[c] for c in columns) for row in lines(HENDAYE, 2019, dialect))

    assert facts("classic") == facts("2026")
