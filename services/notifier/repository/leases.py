"""Leases of mails in hand: renewed while their sender lives, ended when it has died."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from libs.common import outbox, postgres
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.telemetry import traces
from services.notifier.handlers.outcomes import tell
from services.notifier.repository.desk import PostgresDesk
from services.notifier.repository.mails import COLUMNS, to_mail
from services.notifier.repository.outcomes import CLAIM_LEASE, LEASE

log = structlog.get_logger()

EVERY_SECONDS: Final = 3.0
PRUNED_AT_ONCE: Final = 500

RENEW: Final = """
    update mail
    set lease_until = public.clock() + case state when 'claimed' then $3::interval else $4 end
    from unnest($1::uuid[], $2::bigint[]) as held (id, fence)
    where mail.id = held.id and mail.fence = held.fence and state in ('claimed', 'handing_off')
"""

# A lease further off than any that is given means that the clock was put back: it counts as over.
RETURN_UNSENT: Final = """
    update mail
    set state = 'pending', next_try_at = public.clock(), lease_until = null,
        updated_at = public.clock()
    where id in (
      select id from mail
      where state = 'claimed'
        and lease_until not between public.clock() and public.clock() + interval '1 minute'
      for update skip locked)
"""

DOUBT: Final = f"""
    with lost as (
      select id from mail
      where state = 'handing_off' and lease_until < public.clock()
      for update skip locked
    ), doubted as (
      update mail
      set state = 'unknown', version = version + 1, attempts = attempts + 1, tries = tries + 1,
          lease_until = null, updated_at = public.clock(),
          evidence = 'DATA: the sender stopped before the server answered'
      from lost
      where mail.id = lost.id
      returning {COLUMNS}, mail.attempts
    ), tried as (
      insert into mail_attempt (mail_id, number, verb, reply, duration_ms, outcome, trace_id)
      select id, attempts, 'DATA', 'the sender stopped before the server answered', 0, state,
             split_part(traceparent, '-', 2)
      from doubted
    )
    select * from doubted
"""  # noqa: S608 - our own constants

PRUNE_CONTENT: Final = """
    delete from mail_content where mail_id in (
      select mail_id from mail_content where rendered_at < public.clock() - $1::interval limit $2)
"""

# Whom a test mail went to stands in the row itself.
PRUNE_TESTS: Final = """
    with old as (
      select id from mail
      where kind = 'test' and not blanked and created_at < public.clock() - $1::interval
        and state not in ('pending', 'claimed', 'handing_off')
      limit $2
      for update skip locked
    ), unsaid as (
      update mail_attempt set reply = '' from old where mail_id = old.id
    )
    update mail set blanked = true, detail = '{}', evidence = '' from old where mail.id = old.id
"""

PRUNE_PREVIEWS: Final = """
    delete from preview where id in (
      select id from preview where asked_at < public.clock() - $1::interval limit $2)
"""

PRUNED: Final = (
    (PRUNE_CONTENT, timedelta(days=90)),
    (PRUNE_TESTS, timedelta(days=90)),
    (PRUNE_PREVIEWS, timedelta(hours=1)),
)
"""What is forgotten, and when."""


async def keep(url: str, desks: Sequence[PostgresDesk], relay: asyncio.Event) -> None:
    """Look after leases and old content, for ever."""
    while True:
        try:
            async with postgres.connection(url) as connection:
                while True:
                    await look_after(connection, desks, relay)
                    await asyncio.sleep(EVERY_SECONDS)
        except postgres.AWAY as error:
            log.warning("leases_interrupted", error=type(error).__name__)
        except Exception:
            log.exception("leases_not_looked_after")
        await asyncio.sleep(EVERY_SECONDS)


async def look_after(
    connection: Connection, desks: Sequence[PostgresDesk], relay: asyncio.Event
) -> None:
    """Renew our own leases first, then end those that nobody renewed."""
    await renew(connection, [pair for desk in desks for pair in desk.held.items()])
    async with outbox.transaction(connection, relay) as emit:
        await end_expired(connection, emit)
    for statement, kept in PRUNED:
        await prune(connection, statement, kept)


async def renew(connection: Connection, held: Iterable[tuple[UUID, int]]) -> None:
    """Keep the mails in hand."""
    pairs = list(held)
    if pairs:
        ids, fences = zip(*pairs, strict=True)
        await connection.execute(RENEW, ids, fences, CLAIM_LEASE, LEASE)


async def end_expired(connection: Connection, emit: Emit) -> None:
    """Free what a dead sender had claimed; doubt what it was handing over."""
    await connection.execute(RETURN_UNSENT)
    for row in await connection.fetch(DOUBT):
        mail = to_mail(row)
        ids = {"mail_id": str(mail.id), "trace_id": traces.trace_id(mail.traceparent)}
        log.error("mail_in_doubt", kind=mail.kind, **ids)
        tell(mail, emit)


async def prune(connection: Connection, statement: str, kept: timedelta) -> None:
    """Forget what is older, in small batches."""
    forgotten = PRUNED_AT_ONCE
    while forgotten == PRUNED_AT_ONCE:
        status = await connection.execute(statement, kept, PRUNED_AT_ONCE)
        forgotten = int(status.split()[-1])
