"""I6: the homes are those that a run without faults would have chosen."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from libs.common.postgres import Connection
from services.assigner.domain.choice import Ages, Request, rounds, window
from tests.faults.oracle.evidence import told, verdict
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

PROMISE: Final = (
    "Each job has the homes that a run without faults would have drawn, in their order, and told"
    " so everywhere; no client was given a door twice."
)

RECORDED: Final = """
    with chosen as (
      select c.job_id, c.client_id, c.requested, c.found, c.as_of, c.seed, count(*) as choices,
             j.count, j.as_of as asked_as_of, j.seed as asked_seed, j.properties_assigned,
             j.status, j.client_id as asked_by
      from assigner.choice c left join gateway.job j on j.id = c.job_id
      group by c.job_id, c.client_id, c.requested, c.found, c.as_of, c.seed, j.id
    ), given as (
      select job_id, count(*) as homes, max(position) as last from assigner.assignment
      where job_id is not null group by job_id
    )
    select 'chosen ' || choices || ' times:', job_id from chosen where choices > 1
    union all
    select 'chosen for what was not asked:', job_id from chosen
    where (client_id, requested, as_of, seed) <> (asked_by, count, asked_as_of, asked_seed)
    union all
    select 'found ' || found || ', has ' || coalesce(homes, 0) || ':', job_id
    from chosen left join given using (job_id)
    where found <> coalesce(homes, 0) or coalesce(last, 0) <> found
    union all
    select 'found ' || found || ', says ' || coalesce(properties_assigned, 0) || ':', job_id
    from chosen where status = 'completed' and properties_assigned is distinct from found
    union all
    select 'completed without a choice:', id from gateway.job
    where status = 'completed' and client_id <> all($1::uuid[])
      and not exists (select from assigner.choice where job_id = job.id)
    union all
    select 'given ' || count(*) || ' times to one client: a door of', client_id
    from assigner.assignment group by client_id, home_key having count(*) > 1
"""

SAID: Final = """
    with said as (
      select outbox.id, event ->> 'job_id' as job_id, (event ->> 'found')::int as found,
             array(select jsonb_array_elements_text(event -> 'address_ids')) as address_ids
      from assigner.outbox
      cross join lateral (select convert_from(payload, 'UTF8')::jsonb as event) as read
      where type = 'trackimmo.properties.assigned.v1'
    ), recorded as (
      select c.job_id::text, c.found,
             array(select h.address_id::text
                   from assigner.assignment a join assigner.home h using (home_key)
                   where a.job_id = c.job_id order by position) as address_ids
      from assigner.choice c
    )
    select 'said other homes than are on record:', said.id
    from said join recorded using (job_id)
    where (said.found, said.address_ids) <> (recorded.found, recorded.address_ids)
"""

# Events are written while the client is kept to the transaction: their numbers tell the order of a
# client's choices, also where the clock was set back. Awaited positions alone are told later.
CHOICES: Final = """
    select c.job_id, c.client_id, c.requested, c.as_of, c.seed, c.cities, c.tried, j.kinds,
           c.chosen_at, told.seq,
           array(select home_key from assigner.assignment a
                 where a.job_id = c.job_id order by position) as homes
    from assigner.choice c
    join gateway.job j on j.id = c.job_id
    left join lateral (
      select min(seq) as seq from assigner.outbox
      where headers ->> 'correlation_id' = c.job_id::text) as told on true
    where c.client_id not in (select client_id from assigner.reset_assignment)
"""
RULE: Final = "select * from assigner.rule"
ALONE: Final = """
    set local lock_timeout = '10s';
    set local session_replication_role = replica; -- no foreign keys
"""
WITHOUT: Final = """
    with undecided as (delete from assigner.choice where job_id = any($1::uuid[]))
    delete from assigner.assignment where job_id = any($1::uuid[])
"""
NOT_YET: Final = """
    update scraper.property set vanished_at = loaded_at
    where loaded_at > $1 and vanished_at is null
"""
DRAW: Final = "select job_id, home_key from assigner.drawn($1, $2, false) order by job_id, position"
GIVE: Final = """
    insert into assigner.assignment (client_id, home_key)
    select client_id, unnest(homes) from jsonb_to_recordset($1) as given (client_id uuid, homes text[])
    on conflict do nothing
"""


async def homes_are_as_drawn(observed: Observed) -> Verdict:
    """I6."""
    connection = observed.connection
    recorded = await connection.fetch(RECORDED, list(observed.ledger.erased))
    said = await connection.fetch(SAID)
    choices = await connection.fetch(CHOICES)
    wrong = await _redrawn(observed, sorted(choices, key=lambda row: row["chosen_at"]))
    if wrong:
        wrong &= await _redrawn(observed, sorted(choices, key=_number))
    redrawn = [f"other homes than drawn anew: {job_id}" for job_id in sorted(wrong)]
    return verdict("I6", PROMISE, [*told([*recorded, *said]), *redrawn])


def _number(row: Any) -> int:
    return row["seq"] or 0


async def _redrawn(observed: Observed, choices: Sequence[Any]) -> set[UUID]:
    """The jobs that would have other homes, had they been chosen for in this order."""
    connection, wrong = observed.connection, set[UUID]()
    recorded = {row["job_id"]: row for row in choices}
    async with _undone(connection):
        [rule] = await connection.fetch(RULE)
        await connection.execute(ALONE)
        await connection.execute(WITHOUT, list(recorded))
        for together in rounds(_request(row, rule) for row in choices):
            rows = [recorded[one.job_id] for one in together]
            drawn = await _drawn(observed, together, rows, rule["strategy"])
            wrong |= {row["job_id"] for row in rows if drawn.get(row["job_id"], []) != row["homes"]}
            given = [{"client_id": row["client_id"], "homes": row["homes"]} for row in rows]
            await connection.execute(GIVE, given)
    return wrong


async def _drawn(
    observed: Observed, together: Sequence[Request], rows: Iterable[Any], strategy: str
) -> Mapping[UUID, Sequence[str]]:
    if not observed.ledger.partial_stock:
        return await _draw(observed.connection, together, strategy)
    drawn: dict[UUID, Sequence[str]] = {}
    for one, row in zip(together, rows, strict=True):
        async with _undone(observed.connection):
            await observed.connection.execute(NOT_YET, row["chosen_at"])
            drawn |= await _draw(observed.connection, [one], strategy)
    return drawn


async def _draw(
    connection: Connection, together: Sequence[Request], strategy: str
) -> dict[UUID, list[str]]:
    drawn: dict[UUID, list[str]] = {}
    for row in await connection.fetch(DRAW, together, strategy):
        drawn.setdefault(row["job_id"], []).append(row["home_key"])
    return drawn


def _request(row: Any, rule: Any) -> Request:
    first, last = window(row["as_of"], Ages(rule["least_years"], rule["most_years"]))
    return Request(
        job_id=row["job_id"],
        client_id=row["client_id"],
        requested=row["requested"],
        as_of=row["as_of"],
        seed=row["seed"],
        cities=tuple(row["cities"]),
        kinds=tuple(row["kinds"]),
        sold_from=first,
        sold_until=last,
        tried=(),
    )


@asynccontextmanager
async def _undone(connection: Connection) -> AsyncGenerator[None]:
    """What is done inside has not happened."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()
