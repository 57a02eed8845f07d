"""What an agent makes of an address."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api, deliver
from tests.gateway.routes.delivered import address


@pytest.fixture
async def home(admin: Connection, client_id: str) -> str:
    """The path of an address that the client has received."""
    await deliver(admin, client_id, "door-1")
    return f"/api/clients/{client_id}/properties/{address('door-1')}"


async def test_what_is_set_is_told_with_every_state_so_far(api: Api, home: str):
    first = await api.patch(home, json={"status": "contacted", "notes": "Rappeler\nsamedi"})
    change = {
        "notes": None,
        "contact_date": "2026-11-20",
        "follow_up": "2026-12-01",
        "sale_horizon": "6 mois",
        "desired_price": 265000.5,
    }
    second = await api.patch(home, json=change)

    assert (first.status_code, second.status_code) == (200, 200)
    info = second.json()["client_address_info"]
    assert {name: info[name] for name in change} == change
    assert info["status"] == "contacted"
    states = [(state["status"], state["notes"]) for state in second.json()["history"]]
    assert states == [("contacted", "Rappeler\nsamedi"), ("contacted", None)]
    assert second.json()["history"][-1] == {
        name: value for name, value in info.items() if name != "send_date"
    }
    read = await api.get(home)
    assert read.json() == second.json()
    assert read.headers["ETag"] == second.headers["ETag"]


async def test_any_status_may_follow_any_other_and_filters_the_list(
    api: Api, client_id: str, home: str
):
    listed = f"/api/get-client-properties/{client_id}?status="
    for status in ("sold", "new", "mandate", "negotiation", "meeting", "contacted"):
        answer = await api.patch(home, json={"status": status})
        assert answer.json()["client_address_info"]["status"] == status
        page = (await api.get(listed + status)).json()
        assert (page["total_count"], page["returned_count"]) == (1, 1)
    assert (await api.get(listed + "sold")).json()["total_count"] == 0


async def test_the_link_to_the_next_page_keeps_the_status(
    api: Api, admin: Connection, client_id: str
):
    doors = ("a", "b", "c", "d")
    await deliver(admin, client_id, *doors)
    for door in doors[:3]:
        path = f"/api/clients/{client_id}/properties/{address(door)}"
        await api.patch(path, json={"status": "meeting"})

    first = await api.get(f"/api/get-client-properties/{client_id}?status=meeting&limit=2")
    following = first.headers["Link"].partition(">")[0].strip("<")
    second = await api.get(following)

    assert "status=meeting" in following
    assert [first.json()["total_count"], second.json()["returned_count"]] == [3, 1]
    assert "Link" not in second.headers


async def test_who_read_an_older_state_is_refused(api: Api, home: str):
    tag = (await api.get(home)).headers["ETag"]
    assert (await api.get(home, headers={"If-None-Match": tag})).status_code == 304

    answers = await asyncio.gather(
        *(
            api.patch(home, json={"notes": f"note {number}"}, headers={"If-Match": tag})
            for number in range(5)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]
    assert len((await api.get(home)).json()["history"]) == 1


async def test_the_description_asks_for_a_field(api: Api):
    schemas = (await api.get("/openapi.json")).json()["components"]["schemas"]
    assert schemas["FollowUpChange"]["minProperties"] == 1


async def test_the_same_again_is_no_new_state(api: Api, home: str):
    once, again = [await api.patch(home, json={"status": "sold"}) for _ in range(2)]

    assert once.json() == again.json()


@pytest.mark.parametrize(
    "body, pointer",
    [
        ({}, ""),
        ({"status": "forgotten"}, "/status"),
        ({"status": None}, "/status"),
        ({"note": "typo"}, "/note"),
        ({"contact_date": "2026-02-30"}, "/contact_date"),
        ({"follow_up": "tomorrow"}, "/follow_up"),
        ({"desired_price": -1}, "/desired_price"),
        ({"desired_price": 1e12}, "/desired_price"),
        ({"sale_horizon": "a\u0000b"}, "/sale_horizon"),
        ({"notes": "a\u0000b"}, "/notes"),
        ({"notes": "\u202egnp.exe"}, "/notes"),
        ({"notes": "x" * 5001}, "/notes"),
    ],
)
async def test_what_cannot_be_kept_is_refused_by_name(
    api: Api, home: str, body: dict[str, Any], pointer: str
):
    answer = await api.patch(home, json=body)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert (await api.get(home)).json()["history"] == []


async def test_only_a_client_who_received_it_has_an_address(
    api: Api, admin: Connection, client_id: str, home: str
):
    other = str(uuid4())
    await deliver(admin, other, "door-2")

    for client, door in ((client_id, "door-2"), (client_id, "door-3"), (other, "door-2")):
        path = f"/api/clients/{client}/properties/{address(door)}"
        assert (await api.get(path)).status_code == 404
        assert (await api.patch(path, json={"status": "sold"})).status_code == 404
    for path in (home.replace(client_id, "me"), home[:-1] + "x"):
        assert (await api.patch(path, json={"status": "sold"})).status_code == 422
