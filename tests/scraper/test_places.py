from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import httpx
import msgspec
import pytest

from deploy.simulator import Publisher, serving
from libs.common.errors import TransientError
from libs.egress import egress
from services.scraper.places import Place, PlacesError, former_codes, load_places
from services.scraper.places.geo_api import read_answer
from services.scraper.places.place import folded, places_of


@pytest.fixture(scope="module")
def publisher() -> Generator[Publisher]:
    with serving() as running:
        yield running


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=5) as opened:
        yield opened


def by_code(places: list[Place]) -> dict[str, Place]:
    return {place.insee_code: place for place in places}


async def test_the_table_and_the_api_of_one_publisher_give_the_same_places(publisher, client):
    table = await load_places(f"{publisher.url}/places/communes.csv", client)
    answer = await load_places(f"{publisher.url}/geo/", client)
    assert table == answer
    assert len(table) > 90


async def test_a_file_gives_what_its_download_gives(publisher, client, tmp_path):
    url = f"{publisher.url}/places/communes.csv"
    copy = tmp_path / "communes d'été.csv"
    copy.write_bytes((await client.get(url)).content)
    assert await load_places(copy.as_uri(), client) == await load_places(url, client)


async def test_the_whole_of_france_is_read_and_every_arrondissement_has_its_city(
    shared_data: Path, client
):
    table = shared_data / "places" / "communes_france_2026.csv"
    places = by_code(await load_places(table.as_uri(), client))
    assert len(places) == 34_969 + 45 - 5  # five uninhabited communes have no postal code
    assert len({place.city_id for place in places.values()}) == len(places)
    cities = {code: len(p.expands_to) for code, p in places.items() if len(p.expands_to) > 1}
    assert cities == {"75056": 20, "13055": 16, "69123": 9}
    assert places["75056"].expands_to[0] == "75101"
    assert places["69383"].parent_code == "69123"
    assert places["69383"].expands_to == ("69383",)


async def test_former_codes_lead_to_todays_commune(shared_data: Path, client):
    table = shared_data / "places" / "communes_france_2026.csv"
    places = await load_places(table.as_uri(), client)
    moved = former_codes(places)
    assert len(moved) == 4_240
    assert moved["01312"] == "01426"
    assert not moved.keys() & by_code(places).keys()


def test_real_answers_of_the_api_are_read(shared_data: Path):
    folder = shared_data / "places"
    listed = [
        entry
        for name in ("geo-api-communes.json", "geo-api-arrondissements.json")
        for entry in read_answer((folder / name).read_bytes())
    ]
    places = by_code(places_of(listed))
    assert places["75056"].expands_to == tuple(f"751{n:02d}" for n in range(1, 21))
    assert places["13055"].expands_to == tuple(f"132{n:02d}" for n in range(1, 17))
    assert places["2A004"].postal_codes == ("20000", "20090", "20167")


@pytest.mark.parametrize(
    "code, refusal",
    [
        ("57463", "livre_foncier"),
        ("67482", "livre_foncier"),
        ("68066", "livre_foncier"),
        ("97611", "not_published"),
        ("97502", "not_published"),
        ("97411", None),
        ("2A004", None),
        ("69383", None),
    ],
)
async def test_a_place_whose_sales_are_not_public_says_why(publisher, client, code, refusal):
    place = by_code(await load_places(f"{publisher.url}/places/communes.csv", client))[code]
    assert place.refusal_code == refusal
    assert place.covered == (refusal is None)
    assert (place.refusal is None) == place.covered
    if refusal == "not_published":
        assert place.department in str(place.refusal)


async def test_a_city_has_the_id_of_its_code_and_is_found_by_name_or_code(publisher, client):
    place = by_code(await load_places(f"{publisher.url}/places/communes.csv", client))["94068"]
    assert place.city_id == uuid5(NAMESPACE_URL, "https://id.insee.fr/geo/commune/94068")
    assert place.search == "saint maur des fosses 94100 94210 94068"
    assert (place.department, place.region) == ("Val-de-Marne", "Île-de-France")


@pytest.mark.parametrize(
    "name, text",
    [
        ("L'Haÿ-les-Roses", "l hay les roses"),
        ("Œuilly", "oeuilly"),
        ("Bâgé-Dommartin", "bage dommartin"),
        ("L\u2019Île-d\u2019Yeu", "l ile d yeu"),
        ("Paris 1er Arrondissement", "paris 1er arrondissement"),
    ],
)
def test_search_text_is_folded(name, text):
    assert folded(name) == text


def test_an_absorbed_commune_is_a_former_code_not_a_place():
    answer = [
        {"nom": "Val-Revermont", "code": "01426", "codesPostaux": ["01370"]},
        {"nom": "Pressiat", "code": "01312", "type": "commune-deleguee", "chefLieu": "01426"},
        {"nom": "Treffort", "code": "01426", "type": "commune-deleguee", "chefLieu": "01426"},
    ]
    places = places_of(read_answer(msgspec.json.encode(answer)))
    assert [place.insee_code for place in places] == ["01426"]
    assert former_codes(places) == {"01312": "01426"}


@pytest.mark.parametrize(
    "path, words",
    [
        ("/faults/html/places/communes.csv", "columns are missing"),
        ("/faults/columns/places/communes.csv", "columns are missing: code_departement, nom"),
        ("/faults/empty/places/communes.csv", "names no commune"),
        ("/faults/truncated/places/communes.csv", "no list of communes"),
        ("/faults/500/places/communes.csv", "500"),
        ("/faults/html/geo", "no list of communes"),
        ("/nowhere", "404"),
    ],
)
async def test_what_is_no_list_of_places_is_named(publisher, client, path, words):
    with pytest.raises(PlacesError, match=words) as raised:
        await load_places(publisher.url + path, client)
    assert publisher.url in str(raised.value)
    assert isinstance(raised.value, TransientError)


async def test_a_table_cut_in_a_line_is_refused(publisher, client, tmp_path):
    whole = (await client.get(f"{publisher.url}/places/communes.csv")).content
    cut = tmp_path / "communes.csv"
    cut.write_bytes(whole[: whole.rindex(b",")])
    with pytest.raises(PlacesError, match=f"line {len(whole.splitlines())} is incomplete"):
        await load_places(cut.as_uri(), client)


async def test_a_publisher_that_may_not_be_asked_is_told_with_what_would_allow_it():
    async with egress() as guarded:
        with pytest.raises(PlacesError) as raised:
            await load_places("http://10.0.0.1/communes.csv", guarded)
    assert str(raised.value) == (
        "Places are not to be had from http://10.0.0.1/communes.csv: 10.0.0.1:80 is not connected"
        " to: 10.0.0.1 is not public (private); EGRESS_ALLOW=10.0.0.1 would allow it."
    )


async def test_a_missing_file_is_named(client, tmp_path):
    with pytest.raises(PlacesError, match=r"nowhere\.csv"):
        await load_places((tmp_path / "nowhere.csv").as_uri(), client)
