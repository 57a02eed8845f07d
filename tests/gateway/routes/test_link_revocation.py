"""Links to a client's page can be ended before their time."""

from uuid import uuid4

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api
from tests.gateway.routes.linking import page_of, unsubscribing


async def revoke(api: Api, client_id: str) -> int:
    return (await api.post(f"/admin/client/{client_id}/revoke-links")).status_code


async def test_links_until_now_end_and_later_ones_open(api: Api, admin: Connection, client_id: str):
    old = page_of(client_id, days_ago=0.001)
    assert (await api.get(old)).status_code == 200

    answer = await api.post(f"/admin/client/{client_id}/revoke-links")

    assert answer.json()["success"] is True
    assert answer.json()["client_id"] == client_id
    ended = await api.get(old)
    assert (ended.status_code, "n’est plus valable" in ended.text) == (404, True)
    assert (await api.get(page_of(client_id, days_ago=-0.001))).status_code == 200
    assert (await api.get(unsubscribing(client_id, days_ago=0.001))).status_code == 200


async def test_others_keep_theirs(api: Api, admin: Connection, client_id: str):
    other = await api.post(
        "/api/clients",
        json={
            "first_name": "Ada", "last_name": "Martin", "email": "ada@agence.example",
            "subscription_type": "pro", "send_day": 1, "chosen_cities": ["01053"],
            "property_type_preferences": ["house"],
        },
    )  # fmt: skip
    await revoke(api, client_id)

    assert (await api.get(page_of(other.json()["client_id"], days_ago=0.001))).status_code == 200


async def test_it_is_remembered_who_ended_them(api: Api, admin: Connection, client_id: str):
    assert [await revoke(api, client_id) for _ in range(2)] == [200, 200]

    rows = await admin.fetch("select actor, action, target from gateway.audit")
    assert [tuple(row) for row in rows] == [("env:admin", "client.revoke_links", client_id)] * 2


async def test_who_is_no_client_has_no_links(api: Api, admin: Connection):
    assert await revoke(api, str(uuid4())) == 404
    assert await revoke(api, "me") == 422
    assert await admin.fetchval("select count(*) from gateway.page_token") == 0
