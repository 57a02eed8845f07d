"""Addresses as one writes them on an envelope."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assigner.domain.postal import (
    printed_address,
    printed_city,
    printed_door,
    printed_street,
    printed_suffix,
    read_line,
)
from services.assigner.domain.spelling import ACCENTED, TITLES, WAYS, folded

UNABBREVIATED_WAYS = {"CLOS", "MAIL"}
"""Kinds of way that the registry writes in full and French writes as names."""


def printed(address: str, postal_code: str = "01000", city: str = "Bourg-en-Bresse") -> str:
    line = read_line(address)
    door = printed_door(line.number, printed_suffix(line.suffix), printed_street(line.street))
    return printed_address(door, postal_code, city)


@pytest.mark.parametrize(
    "address, door",
    [
        ("12 B RUE DE LA REPUBLIQUE", "12 bis rue de la République"),
        ("3 AV JEAN JAURES", "3 avenue Jean Jaurès"),
        ("8 T PAS DE LA FORTE PENTE", "8 ter passage de la Forte Pente"),
        ("4 Q CHE DES LAZARISTES", "4 quater chemin des Lazaristes"),
        ("5 D RUE D ARSONVAL", "5 D rue d'Arsonval"),
        ("5 L EGLISE", "5 L'Église"),
        ("3 A LA CROIX", "3 À la Croix"),
        ("7 A BD VOLTAIRE", "7 A boulevard Voltaire"),
        ("9 GR GDE RUE", "9 Grande Rue"),
        ("9 GR DE L EGLISE", "9 Grande Rue de l'Église"),
        ("12 RUE ST ANTOINE", "12 rue Saint-Antoine"),
        ("3 RUE DE SAINT JEAN DE LUZ", "3 rue de Saint-Jean de Luz"),
        ("1 BD DU 8 MAI 1945", "1 boulevard du 8 Mai 1945"),
        ("4 RUE ALBERT 1ER", "4 rue Albert 1er"),
        ("4 RUE DU 23EME R.I.", "4 rue du 23e R.I."),
        ("6 RUE LOUIS XIV", "6 rue Louis XIV"),
        ("4 RUE LA FONTAINE", "4 rue La Fontaine"),
        ("2 LOT LES MIMOSAS", "2 lotissement Les Mimosas"),
        ("6 RUE COL GASTALDO", "6 rue Colonel Gastaldo"),
        ("6 RTE DU COL DE FRANCE", "6 route du Col de France"),
        ("4 RUE DU DOC BOUVERET", "4 rue du Docteur Bouveret"),
        ("2 RUE NOTRE DAME", "2 rue Notre-Dame"),
        ("2 CHE DE L' ETANG RATIER", "2 chemin de l'Étang Ratier"),
        ("8 RUE JOLIOT-CURIE", "8 rue Joliot-Curie"),
        ("8 ALL DU FOUR A CHAUX", "8 allée du Four à Chaux"),
        ("5 LES GRANGES BARDES", "5 Les Granges Bardes"),
        ("10 RUE  EDGAR  QUINET", "10 rue Edgar Quinet"),
        ("10 rue du Bac", "10 rue du Bac"),
    ],
)
def test_a_door_is_written_as_on_an_envelope(address: str, door: str):
    assert printed(address) == f"{door}, 01000 Bourg-en-Bresse"


@pytest.mark.parametrize(
    "name, city",
    [
        ("Bourg-en-Bresse", "Bourg-en-Bresse"),
        ("Paris 1er Arrondissement", "Paris"),
        ("Paris 20e Arrondissement", "Paris"),
        ("Lyon 3e Arrondissement", "Lyon"),
        ("Marseille 8e Arrondissement", "Marseille"),
        ("L'Haÿ-les-Roses", "L'Haÿ-les-Roses"),
    ],
)
def test_a_place_is_called_as_the_post_calls_it(name: str, city: str):
    assert printed_city(name) == city


def test_what_is_not_known_is_left_out():
    assert printed("LES CRETS", postal_code="") == "Les Crêts, Bourg-en-Bresse"
    assert printed("", postal_code="01000") == "01000 Bourg-en-Bresse"


def test_no_kind_of_way_of_the_real_files_stays_abbreviated(shared_data: Path):
    kinds: set[str] = set()
    for path in (shared_data / "sales" / "raw-dvf").glob("*.txt"):
        with path.open(encoding="utf-8") as file:
            comma_or_bar = "|" if "|" in file.readline() else ","
            file.seek(0)
            kinds |= {row["Type de voie"] for row in csv.DictReader(file, delimiter=comma_or_bar)}

    assert len(kinds) > 20
    assert kinds - WAYS.keys() - UNABBREVIATED_WAYS == {"", "GR"}  # GR becomes Grande Rue


def test_no_word_of_the_real_streets_stays_abbreviated(shared_data: Path):
    streets: set[str] = set()
    for path in (shared_data / "sales").glob("geo-dvf*/*/communes/*/*.csv"):
        with path.open(encoding="utf-8") as file:
            streets |= {row["adresse_nom_voie"] for row in csv.DictReader(file)}
    words = {word for street in streets for word in re.findall(r"[\w.]+", printed_street(street))}

    assert len(streets) > 600
    assert {word for word in words if folded(word) in TITLES} <= {"Col"}
    vowelless = {word for word in words if re.fullmatch(r"[B-DF-HJ-NP-TV-XZ]{2,}", folded(word))}
    assert vowelless - {"XIV"} == set()


names = st.lists(
    st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=5, max_size=12).filter(
        lambda word: word not in WAYS and word not in TITLES and word not in ACCENTED
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(names)
def test_a_word_that_we_do_not_know_keeps_its_letters(words: list[str]):
    assert folded(printed_street(" ".join(words))).replace("-", " ").split() == words


@settings(deadline=None)
@given(st.text(max_size=80))
def test_whatever_a_line_holds_it_becomes_one_tidy_line(address: str):
    line = printed(address, city="Hendaye")

    assert line == " ".join(line.split())
    assert line.isprintable()
    assert line.endswith("01000 Hendaye")


@settings(deadline=None)
@given(
    st.integers(1, 9999),
    st.sampled_from(["", "A", "B", "T", "Q", "Z"]),
    st.sampled_from(["RUE DE LA PAIX", "AV FOCH", "CHE DES VIGNES", "GR", "LES CRETS"]),
    st.from_regex(r"(0[1-9]|[1-9][0-9]|2[AB]|97)[0-9]{3}", fullmatch=True),
)
def test_the_number_leads_and_the_postcode_is_untouched(
    number: int, suffix: str, street: str, postal_code: str
):
    line = printed(" ".join([str(number), suffix, street]), postal_code, "Paris 9e Arrondissement")

    assert line.split()[0] == str(number)
    assert line.endswith(f", {postal_code} Paris")


@settings(deadline=None)
@given(names)
def test_what_is_spelled_stays_spelled(words: list[str]):
    once = printed_street("RUE " + " ".join(words))

    assert printed_street(once) == once
