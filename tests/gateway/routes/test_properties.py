from uuid import NAMESPACE_URL, uuid5

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api, deliver
from tests.gateway.routes.delivered import address, oppose


async def test_a_delivered_home_is_told_as_it_was_delivered(
    api: Api, admin: Connection, client_id: str
):
    await deliver(admin, client_id, "door-1")
    page = (await api.get(f"/api/get-client-properties/{client_id}")).json()
    (home,) = page.pop("properties")
    assert page == {"success": True, "client_id": client_id, "total_count": 1, "returned_count": 1}
    follow_up = home.pop("client_address_info")
    assert home == {
        "address_id": str(uuid5(NAMESPACE_URL, "urn:trackimmo:home:door-1")),
        "address_raw": "12 B RUE DE LA REPUBLIQUE",
        "city_name": "Bourg-en-Bresse",
        "postal_code": "01000",
        "insee_code": "01053",
        "price": 182000,
        "surface": 96.5,
        "rooms": 4,
        "property_type": "house",
        "sale_date": "2019-06-14",
        "latitude": 46.2,
        "longitude": 5.2,
        "printed_address": None,
        "land_surface": None,
        "position": None,
        "estimate": None,
    }
    today = await admin.fetchval("select (public.clock() at time zone 'Europe/Paris')::date")
    assert follow_up.pop("send_date") == str(today)
    assert follow_up.pop("status") == "new"
    assert set(follow_up.values()) == {None}


async def test_pages_go_from_the_newest_delivery_to_the_oldest(
    api: Api, admin: Connection, client_id: str
):
    await deliver(admin, client_id, "old-1", "old-2", "old-3")
    await deliver(admin, client_id, "new-1", "new-2")
    seen: list[str] = []
    path = f"/api/get-client-properties/{client_id}?limit=2"
    for count in (2, 2, 1):
        answer = await api.get(path)
        page = answer.json()
        assert (page["total_count"], page["returned_count"]) == (5, count)
        seen += [home["address_id"] for home in page["properties"]]
        path = answer.headers.get("Link", "").partition(">")[0].strip("<")
    assert path == ""
    doors = ("new-1", "new-2", "old-1", "old-2", "old-3")
    assert seen == [str(uuid5(NAMESPACE_URL, f"urn:trackimmo:home:{door}")) for door in doors]


async def test_nobody_sees_anothers_homes(api: Api, admin: Connection, client_id: str):
    await deliver(admin, "0199c0de-0000-7000-8000-00000000beef", "door-1")
    page = (await api.get(f"/api/get-client-properties/{client_id}")).json()
    assert (page["total_count"], page["properties"]) == (0, [])


async def test_a_status_that_nothing_has_yet_finds_nothing(
    api: Api, admin: Connection, client_id: str
):
    await deliver(admin, client_id, "door-1")
    path = f"/api/get-client-properties/{client_id}?status="
    assert (await api.get(path + "new")).json()["total_count"] == 1
    assert (await api.get(path + "mandate")).json()["total_count"] == 0


async def test_what_was_learnt_of_a_home_is_told(api: Api, admin: Connection, client_id: str):
    await deliver(admin, client_id, "door-1")
    await admin.execute("""
        update assigner.assignment
        set printed_address = '12 bis rue de la République, 01000 Bourg-en-Bresse',
            land_m2 = 410, position_source = 'geocoder', position_score = 0.5, estimate_eur = 243000,
            estimate_low_eur = 208000, estimate_high_eur = 281000, estimate_basis = 'commune',
            estimate_comparables = 214
    """)
    (home,) = (await api.get(f"/api/get-client-properties/{client_id}")).json()["properties"]
    assert home["printed_address"] == "12 bis rue de la République, 01000 Bourg-en-Bresse"
    assert home["land_surface"] == 410
    assert home["position"] == {"source": "geocoder", "score": 0.5}
    assert home["estimate"] == {
        "value": 243000, "low": 208000, "high": 281000, "basis": "commune", "comparables": 214,
    }  # fmt: skip


async def test_a_door_that_must_not_be_offered_any_more_is_not_shown(
    api: Api, admin: Connection, client_id: str
):
    await deliver(admin, client_id, "door-1", "door-2")
    await oppose(admin, "door-1")
    page = (await api.get(f"/api/get-client-properties/{client_id}")).json()
    assert (page["total_count"], page["returned_count"]) == (1, 1)
    path = f"/api/clients/{client_id}/properties/{address('door-1')}"
    assert (await api.get(path)).status_code == 404
    assert (await api.patch(path, json={"status": "sold"})).status_code == 404


async def test_beyond_the_end_there_is_nothing(api: Api, admin: Connection, client_id: str):
    await deliver(admin, client_id, "door-1")
    answer = await api.get(f"/api/get-client-properties/{client_id}?offset=5")
    assert (answer.json()["total_count"], answer.json()["returned_count"]) == (1, 0)
    assert "Link" not in answer.headers
