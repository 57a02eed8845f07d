"""Oppositions over HTTP: told in any spelling, found again, lifted; known to nobody else."""

from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api

HERE = "/admin/oppositions"
TOLD = {"address": "12 bis, rue de la Duchesse", "insee": "01053", "reason": "Letter of 3 May"}
HOMES = """
    insert into scraper.property (
      property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, address,
      postal_code, city_name, price_eur, source, edition, file_sha256, line)
    select id, id, id::text, '01053', '2019-05-02', 'apartment', true, true, address, '', '', 1, '',
           '', repeat('0', 64), 1
    from (select gen_random_uuid() as id, address from unnest($1::text[]) as address) as home
"""
OFFERED = "select address from scraper.candidate order by address"


async def oppose(api: Api, **changed: Any) -> Any:
    return await api.post(HERE, json=TOLD | changed)


async def test_all_homes_at_an_address_are_off_until_it_is_lifted(api: Api, admin: Connection):
    await admin.execute(HOMES, [*["12 B RUE DE LA DUCHESSE"] * 3, "12 RUE DE LA DUCHESSE"])

    answer = await oppose(api)
    made = answer.json()
    offered = [row["address"] for row in await admin.fetch(OFFERED)]
    lifted = await api.delete(f"{HERE}/{made['id']}")

    assert (answer.status_code, made["doors"], made["city_name"]) == (201, 3, "Bourg-en-Bresse")
    assert offered == ["12 RUE DE LA DUCHESSE"]
    assert lifted.status_code == 204
    assert len(await admin.fetch(OFFERED)) == 4
    assert (await api.delete(f"{HERE}/{made['id']}")).status_code == 404


async def test_the_same_address_again_is_the_same_opposition(api: Api, admin: Connection):
    first = await oppose(api)
    again = await oppose(api, address="12B Rue de la DUCHESSE, 01000 Bourg en Bresse", reason="")
    elsewhere = await oppose(api, insee="64260")

    assert (again.status_code, again.json()) == (200, first.json())
    assert elsewhere.status_code == 201
    assert elsewhere.json()["id"] != first.json()["id"]


async def test_the_register_is_listed_with_what_was_told(api: Api, admin: Connection):
    made = [(await oppose(api, address=f"{n} rue Haute")).json() for n in (1, 2, 3)]

    answer = await api.get(HERE, params={"limit": 2})
    rest = await api.get(HERE, params={"limit": 2, "offset": 2})

    told = [(each["id"], each["address"], each["reason"]) for each in answer.json() + rest.json()]
    assert told == [
        (one["id"], f"{n} rue Haute", "Letter of 3 May")
        for n, one in reversed(list(enumerate(made, 1)))
    ]
    assert 'rel="next"' in answer.headers["Link"]
    assert "Link" not in rest.headers


@pytest.mark.parametrize(
    "changed, pointer, detail",
    [
        ({"insee": "99999"}, "/insee", "is the INSEE code of no commune"),
        ({"address": "rue de la Duchesse"}, "/address", "names no door"),
        ({"address": "12"}, "/address", "names no door"),
        ({"address": "12-14 rue Haute"}, "/address", "names no door"),
        ({"address": ""}, "/address", ""),
        ({"address": "12 rue\u0000Haute"}, "/address", "control characters"),
        ({"insee": "1053"}, "/insee", ""),
        ({"reason": "x" * 501}, "/reason", ""),
        ({"owner": "Madame"}, "/owner", ""),
    ],
)
async def test_what_names_no_door_is_refused_with_a_sentence(
    api: Api, admin: Connection, changed: dict[str, Any], pointer: str, detail: str
):
    answer = await oppose(api, **changed)

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert detail in error["detail"]
    assert (await api.get(HERE)).json() == []


async def test_address_and_reason_are_kept_in_the_register_alone(api: Api, admin: Connection):
    with capture_logs() as logs:
        made = (await oppose(api)).json()
        await api.post(HERE, json=TOLD, headers={"Idempotency-Key": "one"})
        await oppose(api, address="12 Duchesse de la Rue, 99 Duchesse")
        await api.delete(f"{HERE}/{made['id']}")

    told = [str(logs), str(made)]
    for table in ("gateway.audit", "gateway.idempotency", "gateway.outbox", "scraper.outbox"):
        rows = await admin.fetch(f"select * from {table}")  # noqa: S608 - names of tables
        told += [str(dict(row)) for row in rows]
    assert not any("duchesse" in each.lower() or "Letter" in each for each in told)
    actions = await admin.fetch("select action, target from gateway.audit order by 1")
    assert ("opposition.create", made["id"]) in [tuple(row) for row in actions]
    assert ("opposition.lift", made["id"]) in [tuple(row) for row in actions]


async def test_what_is_not_there_cannot_be_lifted(api: Api, admin: Connection):
    nobody = uuid4()
    answer = await api.delete(f"{HERE}/{nobody}")

    assert (answer.status_code, answer.json()["detail"]) == (404, f"Opposition {nobody} not found")
    assert (await api.delete(f"{HERE}/nonsense")).status_code == 422


async def test_sent_again_under_one_key_it_is_one_opposition(api: Api, admin: Connection):
    headers = {"Idempotency-Key": "letter"}
    first, again = [await api.post(HERE, json=TOLD, headers=headers) for _ in range(2)]

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert await admin.fetchval("select count(*) from scraper.opposition") == 1
