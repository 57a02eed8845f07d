"""Which answers of a geocoder are believed, and what they change."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.assigner.domain.position import Answer, Home, position, printed, questions

HOME = Home(
    job_id=UUID(int=1),
    client_id=UUID(int=2),
    home_key="door",
    address="12 B RUE DE LA REPUBLIQUE",
    postal_code="01000",
    city_name="Bourg-en-Bresse",
    insee_code="01053",
    latitude=46.2,
    longitude=5.22,
)
ANSWER = Answer(
    kind="housenumber",
    score=0.9,
    house_number="12bis",
    street="Rue de la République",
    city_codes=("01053", ""),
    latitude=46.2003,
    longitude=5.2202,
)


def home(**facts: Any) -> Home:
    return msgspec.structs.replace(HOME, **facts)


def answer(**facts: Any) -> Answer:
    return msgspec.structs.replace(ANSWER, **facts)


def test_a_b_is_asked_for_as_bis_and_as_a_letter():
    assert [(one.address, one.city, one.insee_code) for one in questions(HOME)] == [
        ("12 bis rue de la République", "Bourg-en-Bresse", "01053"),
        ("12 B rue de la République", "Bourg-en-Bresse", "01053"),
    ]
    assert [one.address for one in questions(home(address="4 T AV FOCH"))] == ["4 ter avenue Foch"]
    assert questions(home(address="LES CRETS")) == []


def test_an_answer_gives_the_door_its_point_and_its_spelling():
    found = position(
        home(address="12 AV BEAU SEJOUR"), [answer(house_number="12", street="Avenue Beau-Séjour")]
    )

    assert found
    assert found.door == "12 avenue Beau-Séjour"
    assert (found.latitude, found.longitude, found.score) == (46.2003, 5.2202, 0.9)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "street"},
        {"kind": "municipality"},
        {"score": 0.69},
        {"score": 1.01},
        {"score": float("nan")},
        {"city_codes": ("01344", "")},
        {"house_number": "14bis"},
        {"house_number": "12ter"},
        {"house_number": ""},
        {"latitude": 46.204},  # 445 m away
        {"longitude": 5.226},  # 460 m away
    ],
)
def test_an_answer_about_something_else_is_not_believed(facts: dict[str, Any]):
    assert position(HOME, [answer(**facts)]) is None
    assert printed(HOME, None) == "12 bis rue de la République, 01000 Bourg-en-Bresse"


def test_a_commune_that_was_absorbed_counts_as_its_own():
    assert position(HOME, [answer(city_codes=("01999", "01053"))])


@pytest.mark.parametrize(
    "house_number, door",
    [
        ("12bis", "12 bis rue de la République"),
        ("12 bis", "12 bis rue de la République"),
        ("12b", "12 B rue de la République"),
        ("12B", "12 B rue de la République"),
        ("12", "12 bis rue de la République"),  # it knows no suffix: ours stays
    ],
)
def test_a_suffix_is_the_one_that_the_door_bears(house_number: str, door: str):
    found = position(HOME, [answer(house_number=house_number)])

    assert found
    assert found.door == door


def test_the_suffix_as_we_read_it_goes_before_a_higher_score():
    found = position(HOME, [answer(score=0.8), answer(score=0.95, house_number="12b"), None])

    assert found
    assert found.door.startswith("12 bis ")
    assert found.score == 0.8


def test_a_street_of_another_name_is_believed_beside_the_parcel_only_and_not_printed():
    other = answer(street="Rue du Maréchal Joffre")

    beside = position(HOME, [other])

    assert beside
    assert beside.door == "12 bis rue de la République"
    assert position(home(latitude=None, longitude=None), [other]) is None


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ("12 RUE DOC NODET", "Rue du Docteur Nodet"),
        ("12 RUE ST ANTOINE", "Rue Saint-Antoine"),
        ("12 LES GRANGES BARDES", "Les Granges-Bardes"),
        ("12 RUE GAMBETTA", "Rue Léon Gambetta"),
    ],
)
def test_a_fuller_name_is_the_same_street(ours: str, theirs: str):
    asked = home(address=ours, latitude=None, longitude=None)

    assert position(asked, [answer(house_number="12", street=theirs)])


@pytest.mark.parametrize(
    "ours, theirs",
    [
        ("12 CHE DU MOULIN", "Chemin du Moulin Neuf"),
        ("12 CHE DU MOULIN NEUF", "Chemin du Moulin"),
        ("12 RUE DU MOULIN", "Rue du Vieux Moulin"),
        ("12 RUE DU PETIT MOULIN", "Rue du Moulin"),
        ("12 RUE DU LAC", "Rue du Lac Saint-Jean"),
    ],
)
def test_a_neighbour_of_nearly_the_same_name_is_another_street(ours: str, theirs: str):
    near = home(address=ours)
    found = position(near, [answer(house_number="12", street=theirs)])

    assert found
    assert printed(near, found) == printed(near, None)
    nowhere = home(address=ours, latitude=None, longitude=None)
    assert position(nowhere, [answer(house_number="12", street=theirs)]) is None


@pytest.mark.parametrize("theirs", ["Rue Pasteur", "Boulevard Gambetta", "Avenue"])
def test_another_kind_of_way_is_another_street(theirs: str):
    asked = home(address="12 AV PASTEUR", latitude=None, longitude=None)

    assert position(asked, [answer(house_number="12", street=theirs)]) is None


def test_postcode_and_place_are_ours_whatever_the_answer():
    asked = home(postal_code="02000", insee_code="02408", city_name="Laon")
    found = position(asked, [answer(city_codes=("02408",))])

    assert printed(asked, found) == "12 bis rue de la République, 02000 Laon"


@pytest.mark.parametrize(
    "name, address, insee, door",
    [
        ("issy", "31 AV DU BAS MEUDON", "92040", "31 avenue du Bas Meudon"),
        ("paris", "202 AV DU MAINE", "75114", "202 avenue du Maine"),
    ],
)
def test_real_answers_are_believed(
    shared_data: Path, name: str, address: str, insee: str, door: str
):
    path = shared_data / "places" / f"ban-search_{name}.json"
    first = json.loads(path.read_text())["features"][0]
    said = first["properties"]
    longitude, latitude = first["geometry"]["coordinates"]

    found = position(
        home(address=address, insee_code=insee, latitude=None, longitude=None),
        [
            answer(
                kind=said["type"],
                score=said["score"],
                house_number=said["housenumber"],
                street=said["street"],
                city_codes=(said["citycode"], ""),
                latitude=latitude,
                longitude=longitude,
            )
        ],
    )

    assert found
    assert (found.door, found.latitude, found.longitude) == (door, latitude, longitude)
