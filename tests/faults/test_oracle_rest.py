"""Of leases, locks, sessions, logs and what is left of people: I7 and I8 turn red."""

from datetime import timedelta

import pytest

from libs.common import postgres
from tests.faults.environment import SECRET_KEY
from tests.faults.history import History
from tests.faults.oracle import rest
from tests.faults.world import World

HELD_ON = {
    "a refresh runs beyond its lease": """
        insert into scraper.refresh (insee_code, first_year, state, lease_until)
        values ('01053', 2018, 'running', public.clock() - interval '1 second')
    """,
    "a refresh was loaded twice": """
        insert into scraper.download (refresh_id, insee_code, year, source, url, state)
        select '00000000-0000-0000-0000-000000000001', '01053', 2019, 'geo-dvf', 'https://x', 'loaded'
        from generate_series(1, 2)
    """,
    "an answer is kept in part": """
        insert into gateway.idempotency (principal, route, key, request_hash, status, headers, body)
        values (sha256('x'), 'POST /api/process-client', 'k', sha256('x'), 200, '{}', '{"job_id"')
    """,
    "an answer is about no job": """
        insert into gateway.idempotency (principal, route, key, request_hash, status, headers, body)
        values (sha256('x'), 'POST /api/process-client', 'k', sha256('x'), 200, '{}',
                '{"job_id": "00000000-0000-0000-0000-000000000001"}')
    """,
}

LEFT = {
    "notes about a home": """
        insert into assigner.follow_up (client_id, home_key, notes)
        select id, 'any', 'call back' from gateway.erased_client
    """,
    "what a server said": """
        update notifier.mail set evidence = '550 nobody of that name' where blanked
    """,
    "an erasure that nobody answers for": """
        delete from gateway.audit where action = 'client.erase'
    """,
    "a tick that nobody asked for": "delete from gateway.audit where action = 'schedule.run'",
    "an event that names somebody": """
        update gateway.outbox
        set payload = convert_to(replace(convert_from(payload, 'UTF8'), '{', '{"email":"' ||
          (select email from gateway.client limit 1) || '",'), 'UTF8')
        where topic = 'client.registered'
    """,
}

LOGGED = {
    "a name": '{{"event":"x","to":"{last_name}"}}',
    "a name, escaped": '{{"event":"x","to":"Qui\\u00e9vrechain-10"}}',
    "a mail address in capitals": "{email_capitals}",
    "a telephone number": "asked for {telephone}",
    "where a home stands": "delivered {address}",
    "a key": f"SECRET_KEY={SECRET_KEY}",
    "a password": "postgresql://gateway:hunter2@db:5432/trackimmo",
}


@pytest.mark.parametrize("says", HELD_ON)
async def test_what_is_held_on_to(world: World, says: str) -> None:
    await world.plant(HELD_ON[says])

    assert await world.red() == {"I7"}


@pytest.mark.parametrize(
    "keys, red", [("'relay', 'gateway'", set()), ("'relay', 'scraper'", {"I7"})]
)
async def test_only_a_relay_keeps_a_lock(
    world: World, history: History, keys: str, red: set[str]
) -> None:
    first, second = keys.split(", ")
    async with postgres.connection(history.database.url("gateway")) as gateway:
        await gateway.execute(f"select pg_advisory_lock(hashtext({first}), hashtext({second}))")

        assert await world.red() == red


async def test_no_transaction_stays_open(
    world: World, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "LONGEST", timedelta())
    async with postgres.connection(history.database.url("gateway")) as gateway:
        assert await world.red() == set()

        async with gateway.transaction():
            await gateway.execute("select 1")
            assert await world.red() == {"I7"}


async def test_no_service_has_more_sessions_than_it_may(world: World, history: History) -> None:
    world.ledger.replicas["scheduler"] = 0
    assert await world.red() == set()

    async with postgres.connection(history.database.url("scheduler")):
        assert await world.red() == {"I7"}


@pytest.mark.parametrize("says", LEFT)
async def test_what_is_left_of_people(world: World, says: str) -> None:
    await world.plant(LEFT[says])

    assert await world.red() == {"I8"}


@pytest.mark.parametrize("says", LOGGED)
async def test_what_no_log_says(world: World, says: str) -> None:
    person = await world.connection.fetchrow("select * from gateway.client limit 1")
    words = {
        **dict(person or {}),
        "email_capitals": str(person and person["email"]).upper(),
        "address": await world.connection.fetchval(
            "select address from assigner.assignment limit 1"
        ),
    }
    with (world.logs / "notifier.log").open("a") as log:
        log.write(f"{{}}\n{LOGGED[says].format(**words)}\n")

    assert await world.red() == {"I8"}


async def test_of_the_erased_no_log_says_anything(world: World) -> None:
    [word] = world.ledger.personal
    (world.logs / "scraper.log").write_text(f"unsubscribed {word}\n")

    assert await world.red() == {"I8"}


async def test_where_no_log_was_kept_nothing_is_shown(world: World) -> None:
    (world.logs / "gateway.log").unlink()

    assert await world.red() == {"I8"}


async def test_what_operators_were_answered_is_on_record(world: World) -> None:
    world.ledger.operated.append(("job.cleanup", ""))

    assert await world.red() == {"I8"}
