import pytest

from libs.common.postgres import Connection
from services.gateway.routes.registration import city_id
from tests.gateway.routes.conftest import Api

FIELDS = (
    "city_id name postal_code postal_codes insee_code department region population house_price_avg"
    " apartment_price_avg last_scraped covered"
)


async def test_a_city_is_told_in_full(api: Api, admin: Connection):
    await admin.execute(
        """insert into scraper.city (insee_code, last_scraped, first_year, house_price_avg)
           values ('69123', '2026-11-20 10:00+00', 2018, 4200)"""
    )
    (city,) = (await api.get("/api/cities?q=69002")).json()
    assert city == {
        "city_id": str(city_id("69123")),
        "name": "Lyon",
        "postal_code": "69001",
        "postal_codes": ["69001", "69002"],
        "insee_code": "69123",
        "department": "69",
        "region": "84",
        "population": 520000,
        "house_price_avg": 4200,
        "apartment_price_avg": None,
        "last_scraped": "2026-11-20T10:00:00Z",
        "covered": True,
    }
    assert list(city) == FIELDS.split()


async def test_the_best_match_comes_first(api: Api, admin: Connection):
    expected = {
        "lyo": ["Lyon", "Lyon 1er", "Lyons-la-Forêt"],
        "lyon": ["Lyon", "Lyon 1er", "Lyons-la-Forêt"],
        "LYÔN": ["Lyon", "Lyon 1er", "Lyons-la-Forêt"],
        "lyons la foret": ["Lyons-la-Forêt"],
        "foret": ["Lyons-la-Forêt"],
        "le-comtal": ["Chalain-le-Comtal"],
        "bourg en  bresse": ["Bourg-en-Bresse"],
        "01053": ["Bourg-en-Bresse"],
        "01000": ["Bourg-en-Bresse"],
        "2a004": ["Ajaccio"],
        "20090": ["Ajaccio"],
        "6900": ["Lyon", "Lyon 1er"],
        "strasbourg": ["Strasbourg"],
        "bourg": ["Bourg-en-Bresse", "Strasbourg"],
        "%": [],
        "_": [],
        "' or 1=1 --": [],
        "\\": [],
    }
    for words, names in expected.items():
        found = (await api.get("/api/cities", params={"q": words})).json()
        assert [city["name"] for city in found] == names, words


async def test_without_words_the_largest_cities_come(api: Api, admin: Connection):
    found = (await api.get("/api/cities?limit=2")).json()
    assert [city["name"] for city in found] == ["Lyon", "Strasbourg"]
    assert [city["covered"] for city in found] == [True, False]


@pytest.mark.parametrize("limit, count", [(1, 1), (100, 8)])
async def test_the_limit_holds(limit: int, count: int, api: Api, admin: Connection):
    assert len((await api.get(f"/api/cities?limit={limit}")).json()) == count


async def test_a_search_for_signs_that_no_name_has_finds_nothing(api: Api, admin: Connection):
    for signs in ("a\x00b", "\n", "\ue000", "%%%"):
        answer = await api.get("/api/cities", params={"q": signs})
        assert (answer.status_code, answer.json()) == (200, [])
