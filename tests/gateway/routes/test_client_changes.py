import asyncio
from datetime import timedelta
from typing import Any

import pytest

from libs.common.postgres import Connection
from services.gateway.routes.registration import city_id
from tests.gateway.routes.conftest import Api, registration
from tests.support.database import Database

CHANGES = {
    "first_name": ("  Zoë ", "Zoë"),
    "last_name": ("Martin", "Martin"),
    "email": ("zoe@agence.example", "zoe@agence.example"),
    "telephone": ("+33 4 74 00 00 00", "+33 4 74 00 00 00"),
    "company_name": (" Agence Zoë", "Agence Zoë"),
    "locale": ("en", "en"),
    "subscription_type": ("entreprise", "entreprise"),
    "status": ("inactive", "inactive"),
    "send_day": (31, 31),
    "addresses_per_report": (1000, 1000),
    "chosen_cities": (["64260", str(city_id("01999"))], [str(city_id("64260")), str(city_id("01053"))]),
    "property_type_preferences": (["land"], ["land"]),
}  # fmt: skip


async def announced(admin: Connection) -> Any:
    statement = "select count(*) from gateway.outbox where topic = 'client.registered'"
    return await admin.fetchval(statement)


async def change(api: Api, whose: str, **body: Any) -> Any:
    return await api.patch(f"/api/clients/{whose}", json=body)


async def test_each_field_changes_and_the_others_stay(api: Api, client_id: str):
    before = (await api.get(f"/api/clients/{client_id}")).json()
    for field, (given, kept) in CHANGES.items():
        answer = await change(api, client_id, **{field: given})
        assert answer.status_code == 200, answer.text
        expected = {**before, field: kept, "updated_at": answer.json()["updated_at"]}
        assert answer.json() == expected, field
        assert (await api.get(f"/api/clients/{client_id}")).json() == expected
        assert str(expected["updated_at"]) > str(before["updated_at"])
        before = expected


async def test_null_empties_only_what_may_be_empty(api: Api, client_id: str):
    await change(api, client_id, telephone="+33 4 74 00 00 00", company_name="Agence")

    answer = await change(api, client_id, telephone=None, company_name=None)

    assert (answer.json()["telephone"], answer.json()["company_name"]) == (None, None)
    for field in CHANGES.keys() - {"telephone", "company_name"}:
        refused = await change(api, client_id, **{field: None})
        assert refused.status_code == 422, field
        assert refused.json()["errors"][0]["pointer"] == f"/{field}"


WRONG = {
    "first_name": "", "last_name": "a\nb", "email": "nobody", "telephone": "abc", "company_name": " ",
    "locale": "de", "subscription_type": "gold", "status": "erased", "send_day": 32,
    "addresses_per_report": 0, "chosen_cities": [], "property_type_preferences": ["house", "house"],
    "client_id": "x", "last_updated": None,
}  # fmt: skip


@pytest.mark.parametrize("field", WRONG)
async def test_a_wrong_value_is_refused_by_name(field: str, api: Api, client_id: str):
    answer = await change(api, client_id, **{field: WRONG[field]})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [f"/{field}"]


async def test_an_uncovered_city_is_named_and_nothing_changes(api: Api, client_id: str):
    before = await api.get(f"/api/clients/{client_id}")
    answer = await change(api, client_id, send_day=3, chosen_cities=["01053", "67482"])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/chosen_cities/1"
    assert (await api.get(f"/api/clients/{client_id}")).json() == before.json()


async def test_a_mail_address_in_use_is_refused_and_the_servers_log_does_not_learn_it(
    api: Api, client_id: str
):
    await api.post("/api/clients", json=registration(email="other@agence.example"))
    answer = await change(api, client_id, email="OTHER@agence.example")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "This mail address belongs to another client"
    assert (await change(api, client_id, email="CAMILLE@agence.example")).status_code == 200


async def test_of_many_that_want_one_mail_address_one_gets_it(api: Api, admin: Connection):
    ids = [
        (await api.post("/api/clients", json=registration(email=f"a{n}@agence.example"))).json()
        for n in range(4)
    ]
    wanted = {"email": "one@agence.example"}
    answers = await asyncio.gather(
        *(change(api, each["client_id"], **wanted) for each in ids),
        api.post("/api/clients", json=registration(**wanted)),
    )
    assert sorted(answer.status_code for answer in answers)[1:] == [409] * 4


async def test_who_read_an_older_state_changes_nothing(api: Api, client_id: str):
    path = f"/api/clients/{client_id}"
    old = (await api.get(path)).headers["ETag"]
    first = await api.patch(path, json={"send_day": 3}, headers={"If-Match": old})
    assert first.status_code == 200
    assert first.headers["ETag"] == (await api.get(path)).headers["ETag"] != old

    stale = await api.patch(path, json={"send_day": 4}, headers={"If-Match": old})

    assert stale.status_code == 412
    assert (await api.get(path)).json()["send_day"] == 3
    assert (await api.patch(path, json={}, headers={"If-Match": "*"})).status_code == 200


async def test_what_changes_nothing_is_no_change(api: Api, client_id: str):
    path = f"/api/clients/{client_id}"
    before = await api.get(path)
    for body in ({}, {"send_day": 15, "chosen_cities": ["01053"], "first_name": "Camille"}):
        answer = await api.patch(path, json=body)
        assert (answer.json(), answer.headers["ETag"]) == (before.json(), before.headers["ETag"])


async def test_the_first_change_to_active_is_announced_once_in_a_life(api: Api, admin: Connection):
    answer = await api.post("/api/clients", json=registration(status="pending"))
    client_id = answer.json()["client_id"]
    for status in ("test", "inactive"):
        assert (await change(api, client_id, status=status)).json()["active_since"] is None
    assert await announced(admin) == 0

    for status in ("active", "inactive", "active", "active", "pending", "active"):
        assert (await change(api, client_id, status=status)).json()["status"] == status

    assert await announced(admin) == 1


async def test_who_was_active_when_registered_is_announced_no_more(
    api: Api, admin: Connection, client_id: str
):
    await change(api, client_id, status="inactive")
    await change(api, client_id, status="active")
    assert await announced(admin) == 1


async def test_active_since_is_the_paris_date_of_the_last_change_to_active(
    database: Database, api: Api, admin: Connection, client_id: str
):
    today = "select (public.clock() at time zone 'Europe/Paris')::date::text"
    first = (await change(api, client_id, status="inactive")).json()["active_since"]
    await database.advance(timedelta(days=40))

    assert (await change(api, client_id, send_day=2)).json()["active_since"] == first
    again = (await change(api, client_id, status="active")).json()["active_since"]

    assert again == await admin.fetchval(today) != first
    assert (await change(api, client_id, send_day=3)).json()["active_since"] == again


async def test_many_changes_at_once_are_all_kept(api: Api, client_id: str):
    bodies = [{"send_day": 3}, {"first_name": "Zoë"}, {"locale": "en"}, {"telephone": None}]
    answers = await asyncio.gather(*(change(api, client_id, **body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    client = (await api.get(f"/api/clients/{client_id}")).json()
    assert (client["send_day"], client["first_name"], client["locale"]) == (3, "Zoë", "en")


async def test_an_unknown_client_is_not_changed(api: Api):
    answer = await change(api, "0199c0de-0000-7000-8000-000000000001", send_day=3)
    assert answer.status_code == 404
    assert (await change(api, "x", send_day=3)).status_code == 422
