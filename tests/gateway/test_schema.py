"""Rows that may not be, whatever the code does."""

import asyncpg
import pytest

from libs.common.postgres import Connection
from tests.gateway.conftest import NewClient, NewJob


@pytest.mark.parametrize(
    "change",
    [
        "send_day = 0",
        "send_day = 32",
        "addresses_per_report = 0",
        "addresses_per_report = 1001",
        "email = 'nobody'",
        "first_name = ''",
        "last_name = repeat('x', 101)",
        "locale = 'de'",
        "subscription_type = 'gold'",
        "status = 'erased'",
        "chosen_cities = '{}'",
        "chosen_cities = '{01053,01053}'",
        "chosen_cities = '{1053}'",
        "chosen_cities = array[null]",
        "property_type_preferences = '{}'",
        "property_type_preferences = '{castle}'",
        "property_type_preferences = '{house,house}'",
        "active_since = null",
    ],
)
async def test_a_client_is_whole(conn: Connection, new_client: NewClient, change: str) -> None:
    await new_client()
    with pytest.raises(asyncpg.CheckViolationError):
        await conn.execute(f"update client set {change}")  # noqa: S608 - from the table above


async def test_a_mail_address_serves_one_client_however_it_is_spelled(
    conn: Connection, new_client: NewClient
) -> None:
    await new_client()
    await new_client()
    with pytest.raises(asyncpg.UniqueViolationError, match="client_email"):
        await conn.execute("update client set email = 'Agent0@Example.ORG' where email like '%1@%'")


@pytest.mark.parametrize(
    "change",
    [
        "status = 'pending'",
        "next_attempt_at = public.clock()",
        "status = 'failed'",
        "count = 0",
        "seed = -1",
        "cities = '{}'",
        "attempt = 2",
        "alerted_ladder = 2",
        "restated_run = 1",
    ],
)
async def test_a_job_is_consistent(conn: Connection, new_job: NewJob, change: str) -> None:
    await new_job()
    with pytest.raises(asyncpg.CheckViolationError):
        await conn.execute(f"update job set {change}")  # noqa: S608 - from the table above


async def test_a_client_has_one_open_process(conn: Connection, new_client: NewClient) -> None:
    client_id = await new_client()
    insert = """
        insert into job (client_id, kind, count, as_of, seed, cities, kinds)
        values ($1, 'process', 1, '2026-11-21', 1, '{01053}', '{house}')
    """
    await conn.execute(insert, client_id)
    with pytest.raises(asyncpg.UniqueViolationError, match="job_one_open_process"):
        await conn.execute(insert, client_id)


async def test_a_delivery_is_due_in_its_month(conn: Connection) -> None:
    insert = """
        insert into monthly_delivery (client_id, month, due_on, job_id, late)
        values (uuidv7(), $1::text::date, $2::text::date, uuidv7(), false)
    """
    for month, due_on in (("2026-11-01", "2026-12-01"), ("2026-11-02", "2026-11-02")):
        with pytest.raises(asyncpg.CheckViolationError):
            await conn.execute(insert, month, due_on)
