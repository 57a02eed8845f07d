"""Operators try out a client's processing."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from services.gateway.routes import waiting
from tests.gateway.routes.conftest import Api, deliver
from tests.gateway.routes.delivered import address
from tests.support.database import Database
from tests.support.sessions import blocked

STOCK = """
    insert into scraper.property (
      property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, address,
      postal_code, city_name, price_eur, surface_m2, rooms, latitude, longitude, source, edition,
      file_sha256, line)
    select gen_random_uuid(), gen_random_uuid(), 'door-' || n, code, current_date - 2555 + n, 'house',
           true, true, '12 B RUE DE LA REPUBLIQUE', '01000', 'Bourg-en-Bresse', 182000, 96.5, 4,
           46.2, 5.2, 'geo-dvf', '2024-10', repeat('0', 64), n
    from generate_series(1, 9) as n, unnest($1::text[]) as code
"""

ASKED = "select count(*) from gateway.outbox where topic = 'client.process'"


async def attempt(api: Api, client_id: str, **given: Any) -> Any:
    return await api.post("/admin/test-client-processing", json={"client_id": client_id, **given})


async def settle(admin: Connection, client_id: str, status: str, mail: str | None) -> str:
    """Play the other services: the job has chosen two homes and ended."""
    while not (job := await admin.fetchval("select id from gateway.job")):  # noqa: ASYNC110 - a row of a request
        await asyncio.sleep(0.01)
    delivered = await deliver(admin, client_id, "a", "b")
    async with admin.transaction():
        await admin.execute("set constraints all deferred")
        await admin.execute("set local session_replication_role = replica")
        await admin.execute("update assigner.choice set job_id = $1", job)
        await admin.execute("update assigner.assignment set job_id = $1", job)
        assert delivered
    if mail:
        await admin.execute(
            """insert into gateway.movement (job_id, run, step, state, detail)
               values ($1, 1, 'mail', $2, '{"version": 1}')""",
            job,
            mail,
        )
    await admin.execute(
        """update gateway.job set status = $1, properties_assigned = 2,
             error_message = case when $1 = 'failed' then 'The mail was refused' end""",
        status,
    )
    return str(job)


async def test_a_dry_run_shows_what_would_be_chosen_and_writes_nothing(
    api: Api, admin: Connection, client_id: str
):
    await admin.execute(STOCK, ["01053"])

    first, same = [await attempt(api, client_id, dry_run=True) for _ in range(2)]

    told = first.json()
    assert first.status_code == 200
    assert told == same.json()
    assert (told["success"], told["properties_assigned"], told["email_sent"]) == (True, 0, False)
    assert told["message"] == "Would assign 5 of 5; nothing was written or sent"
    assert len({home["address_id"] for home in told["properties"]}) == 5
    assert told["properties"][0]["address_raw"] == "12 B RUE DE LA REPUBLIQUE"
    assert told["properties"][0]["position"] == {"source": "parcel", "score": None}
    for table in ("gateway.job", "gateway.audit", "assigner.choice", "assigner.assignment"):
        assert await admin.fetchval(f"select count(*) from {table}") == 0, table  # noqa: S608
    assert await admin.fetchval(ASKED) == 0


async def test_a_dry_run_leaves_out_what_the_client_has_and_finds_arrondissements(
    api: Api, admin: Connection, client_id: str
):
    await admin.execute(STOCK, ["01053"])
    await deliver(admin, client_id, "door-1", "door-2")
    told = (await attempt(api, client_id, dry_run=True, count=50)).json()
    assert len(told["properties"]) == 7
    assert address("door-1") not in {home["address_id"] for home in told["properties"]}
    await admin.execute("update scraper.property set insee_code = '69381'")
    await api.patch(f"/api/clients/{client_id}", json={"chosen_cities": ["69123"]})
    assert len((await attempt(api, client_id, dry_run=True)).json()["properties"]) == 5


@pytest.mark.parametrize("status", ["active", "test"])
async def test_a_real_job_is_waited_for(api: Api, admin: Connection, client_id: str, status: str):
    await admin.execute("update gateway.client set status = $1", status)

    answer, job = await asyncio.gather(
        attempt(api, client_id), settle(admin, client_id, "completed", "sent")
    )

    assert answer.status_code == 200
    told = answer.json()
    assert [home["address_id"] for home in told.pop("properties")] == [address("a"), address("b")]
    assert told == {
        "success": True,
        "client_id": client_id,
        "properties_assigned": 2,
        "email_sent": True,
        "message": "Assigned 2 addresses, mail sent",
        "job_id": job,
        "href": f"/api/job-status/{job}",
    }
    row = await admin.fetchrow("select kind, count, refresh from gateway.job")
    assert tuple(row or ()) == ("test", 5, False)
    assert await admin.fetchval(ASKED) == 1
    assert await admin.fetchval("select action from gateway.audit") == "client.test"


async def test_a_job_that_fails_is_told_with_its_error(api: Api, admin: Connection, client_id: str):
    answer, _ = await asyncio.gather(
        attempt(api, client_id, count=2), settle(admin, client_id, "failed", "failed")
    )

    told = answer.json()
    assert (told["success"], told["email_sent"]) == (False, False)
    assert told["message"] == "The mail was refused"


async def test_what_takes_too_long_is_told_as_under_way(
    api: Api, client_id: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.2)

    answers = await asyncio.gather(*(attempt(api, client_id) for _ in range(5)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["job_id"] for answer in answers}) == 5
    told = answers[0].json()
    assert told["properties"] == []
    assert (await api.get(told["href"])).json()["kind"] == "test"


async def test_who_waits_for_a_job_keeps_nobody_from_the_database(
    api: Api, admin: Connection, client_id: str
):
    """There are ten connections, and whoever gets none in five seconds is sent away."""
    attempts = [asyncio.create_task(attempt(api, client_id)) for _ in range(15)]

    async with asyncio.timeout(4):
        for _ in range(30):  # until all have begun to wait
            await asyncio.sleep(0.02)
            assert (await api.get(f"/api/clients/{client_id}")).status_code == 200

    assert not any(each.done() for each in attempts)
    await admin.execute("update gateway.job set status = 'failed', error_message = 'enough'")
    assert {(await each).json()["message"] for each in attempts} == {"enough"}


async def test_a_repetition_names_the_same_job(
    api: Api, admin: Connection, client_id: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.1)
    api.headers["Idempotency-Key"] = "try-1"

    first, again = [await attempt(api, client_id) for _ in range(2)]

    assert first.json()["job_id"] == again.json()["job_id"]
    assert await admin.fetchval("select count(*) from gateway.job") == 1


@pytest.mark.parametrize("dry_run", [True, False])
async def test_who_is_not_served_is_not_found(
    api: Api, admin: Connection, client_id: str, dry_run: Any
):
    assert (await attempt(api, str(uuid4()), dry_run=dry_run)).status_code == 404
    await admin.execute("update gateway.client set status = 'inactive'")
    assert (await attempt(api, client_id, dry_run=dry_run)).status_code == 404
    assert (await attempt(api, client_id, dry_run=dry_run, count=0)).status_code == 422
    assert (await attempt(api, client_id, dry_run="yes")).status_code == 422


async def test_a_dry_run_under_way_is_forgotten_with_its_client(
    api: Api, admin: Connection, client_id: str, database: Database
):
    other = await database.connect()
    async with other.transaction():
        await other.execute("lock table assigner.rule")  # the preview of a choice waits for it
        once = {"Idempotency-Key": "look-1"}
        body = {"client_id": client_id, "dry_run": True}
        shown = asyncio.create_task(
            api.post("/admin/test-client-processing", json=body, headers=once)
        )
        await blocked(database)
        gone = asyncio.create_task(api.delete(f"/api/clients/{client_id}"))
        await blocked(database, 2)

    assert [(await shown).status_code, (await gone).status_code] == [200, 204]
    assert await admin.fetchval("select count(*) from gateway.idempotency") == 0
