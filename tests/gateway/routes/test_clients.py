import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.envelope import read
from libs.common.events import ClientRegistered
from libs.common.postgres import Connection
from services.gateway.routes.registration import city_id
from tests.gateway.routes.conftest import Api, Make, deliver, registration


async def test_a_registered_client_is_answered_as_it_is_kept(api: Api, admin: Connection):
    answer = await api.post(
        "/api/clients",
        json=registration(
            telephone="+33 4 74 00 00 00",
            company_name="Agence",
            locale="en",
            chosen_cities=["64260", str(city_id("01053"))],
        ),
    )
    assert answer.status_code == 201
    client = answer.json()
    assert client["chosen_cities"] == [str(city_id("64260")), str(city_id("01053"))]
    assert client["status"] == "active"
    assert client["active_since"]
    assert client["addresses_per_report"] == 10
    assert client["last_updated"] is None
    assert answer.headers["Location"] == f"/api/clients/{client['client_id']}"
    read_again = await api.get(answer.headers["Location"])
    assert read_again.status_code == 200
    assert read_again.json() == client


async def test_an_active_client_is_announced_once(api: Api, admin: Connection, client_id: str):
    rows = await admin.fetch("select id, topic, key, type, payload from gateway.outbox")
    assert [(row["topic"], row["key"]) for row in rows] == [("client.registered", client_id)]
    headers = [("ce_type", rows[0]["type"].encode()), ("ce_id", str(rows[0]["id"]).encode())]
    assert read(headers, rows[0]["payload"]).event == ClientRegistered(client_id=UUID(client_id))


async def test_a_pending_client_waits_without_a_welcome(api: Api, admin: Connection):
    answer = await api.post("/api/clients", json=registration(status="pending"))
    assert answer.json()["active_since"] is None
    assert await admin.fetchval("select count(*) from gateway.outbox") == 0
    assert await admin.fetchval("select welcomed_at from gateway.client") is None


async def test_the_number_of_addresses_defaults_to_the_setting(make_api: Make, admin: Connection):
    api = await make_api(default_addresses_per_report=25)
    answer = await api.post("/api/clients", json=registration())
    assert answer.json()["addresses_per_report"] == 25


async def test_before_the_cities_are_loaded_nobody_is_told_that_a_city_is_unknown(
    api: Api, admin: Connection
):
    await admin.execute("truncate scraper.place cascade")

    answer = await api.post("/api/clients", json=registration())

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "not loaded yet" in answer.json()["detail"]


async def test_a_mail_address_belongs_to_one_client_whatever_its_case(api: Api, client_id: str):
    answer = await api.post("/api/clients", json=registration(email="CAMILLE@agence.EXAMPLE"))
    assert answer.status_code == 409
    assert answer.json()["detail"] == "This mail address belongs to another client"


async def test_of_many_with_one_mail_address_one_is_registered(api: Api, admin: Connection):
    answers = await asyncio.gather(
        *(api.post("/api/clients", json=registration()) for _ in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert await admin.fetchval("select count(*) from gateway.outbox") == 1


async def test_nothing_is_kept_of_a_refused_client(api: Api, admin: Connection):
    await api.post("/api/clients", json=registration(chosen_cities=["01053", "99999"]))
    assert await admin.fetchval("select count(*) from gateway.client") == 0


CITIES = {
    "unknown": (["01053", "99999"], "/chosen_cities/1", "Unknown city '99999'"),
    "no code": (["Lyon"], "/chosen_cities/0", "Unknown city 'Lyon'"),
    "unknown id": ([str(uuid4())], "/chosen_cities/0", "Unknown city"),
    "uncovered": (["67482"], "/chosen_cities/0", "no land register"),
    "twice": (["01053", str(city_id("01053"))], "/chosen_cities/1", "chosen twice"),
    "part of another": (["69123", "69381"], "/chosen_cities/1", "chosen twice"),
    "merged": (["01053", "01999"], "/chosen_cities/1", "chosen twice"),
    "empty": ([], "/chosen_cities", "length >= 1"),
    "hostile": (["\u0000' or 1=1"], "/chosen_cities/0", "Unknown city"),
}


async def test_a_wrong_city_is_named_with_the_reason(api: Api, admin: Connection):
    for cities, pointer, words in CITIES.values():
        answer = await api.post("/api/clients", json=registration(chosen_cities=cities))
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert fault["pointer"] == pointer
        assert words in fault["detail"]


async def test_every_wrong_city_is_named_at_once(api: Api, admin: Connection):
    cities = ["67482", "01053", "99999"]
    answer = await api.post("/api/clients", json=registration(chosen_cities=cities))
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [
        "/chosen_cities/0",
        "/chosen_cities/2",
    ]


async def test_a_merged_commune_is_kept_as_the_one_it_belongs_to(api: Api, admin: Connection):
    answer = await api.post("/api/clients", json=registration(chosen_cities=["01999", "69123"]))
    assert answer.json()["chosen_cities"] == [str(city_id("01053")), str(city_id("69123"))]


async def test_a_corsican_code_is_known_in_either_case(api: Api, admin: Connection):
    answer = await api.post("/api/clients", json=registration(chosen_cities=["2a004"]))
    assert answer.json()["chosen_cities"] == [str(city_id("2A004"))]


WRONG = {
    "first_name": ["", "  ", "x" * 101, "a\nb", "a\u0000b", "\u202egnp.exe", "\u2028", None, 5],
    "last_name": ["", "\t", "x" * 101, "\u0007"],
    "email": [
        "", "a", "a@b", "a@b.", "@b.fr", "a b@c.fr", "a@b.fr\r\nBcc: x@y.fr", "a@b.fr\n", "a..b@c.fr",
        ".a@c.fr", "a@-b.fr", "a@b..fr", "é@b.fr", "x" * 65 + "@b.fr", "a@" + "b" * 250 + ".fr",
        '"a b"@c.fr', "a@b.fr,c@d.fr", "<a@b.fr>", "a@b.fr\u0000",
    ],
    "telephone": ["", "abc", "+33\n1", "0" * 31, "1"],
    "company_name": ["", " ", "x" * 201, "a\rb"],
    "locale": ["de", "FR", "", None],
    "subscription_type": ["gold", "", None],
    "status": ["inactive", "test", "", None],
    "send_day": [0, 32, -1, 1.5, "15", None, True, 10**30],
    "addresses_per_report": [0, 1001, -5, "10", 2.5, True],
    "chosen_cities": ["01053", None, [5], {}, [None], ["01053"] * 501],
    "property_type_preferences": [[], ["castle"], ["house", "house"], "house", None],
}  # fmt: skip


@pytest.mark.parametrize(
    "field, value", [(field, value) for field, values in WRONG.items() for value in values]
)
async def test_a_wrong_value_is_refused_by_name(field: str, value: Any, lonely: Api):
    answer = await lonely.post("/api/clients", json=registration(**{field: value}))
    assert answer.status_code == 422, answer.text
    assert {fault["pointer"].split("/")[1] for fault in answer.json()["errors"]} == {field}


STRANGE = [
    "Zoë", "O'Neill", "Jean-François", "Lê Thị Hồng", "<script>alert(1)</script>",
    "'; drop table client; --", "{{7*7}}", "=cmd|'/C calc'!A0", "🏡", "Ω" * 100,
]  # fmt: skip


async def test_a_strange_name_is_kept_as_it_is(api: Api, admin: Connection):
    for number, name in enumerate(STRANGE):
        body = registration(first_name=name, email=f"a{number}@agence.example")
        answer = await api.post("/api/clients", json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["first_name"] == name


async def test_every_fault_of_a_body_is_named_at_once(lonely: Api):
    body = registration(send_day=0, email="nobody", surname="x")
    del body["last_name"]
    answer = await lonely.post("/api/clients", json=body)
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/send_day",
        "/email",
        "/surname",
        "/last_name",
    }
    assert answer.json()["detail"].endswith("(and 3 more)")


async def test_a_lone_surrogate_is_refused(lonely: Api):
    body = json.dumps(registration(first_name="\ud800"))
    answer = await lonely.post(
        "/api/clients", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


async def test_an_unchanged_client_is_not_sent_again(api: Api, client_id: str):
    path = f"/api/clients/{client_id}"
    etag = (await api.get(path)).headers["ETag"]
    same = await api.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    assert same.headers["Cache-Control"] == "private, no-cache"
    assert (await api.get(path, headers={"If-None-Match": "*"})).status_code == 304
    assert (await api.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


async def test_a_delivery_changes_what_is_answered(api: Api, admin: Connection, client_id: str):
    path = f"/api/clients/{client_id}"
    before = await api.get(path)
    await deliver(admin, client_id)
    after = await api.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert after.json()["last_updated"]
