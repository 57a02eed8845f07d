"""Whether anything is under way still."""

import hashlib
from typing import Final

from libs.common.postgres import Connection
from tests.faults.ledger import Ledger
from tests.faults.oracle.expected import everywhere, readers

UNPUBLISHED: Final = everywhere("select from {schema}.outbox where published_at is null")
WAITING: Final = everywhere("select from {schema}.held_message where state = 'waiting'")

MET: Final = everywhere("""
    select consumer, event_id from {schema}.inbox
    union all
    select consumer, event_id from {schema}.held_message where event_id is not null
""")
WRITTEN: Final = everywhere("select id, type from {schema}.outbox")
HELD: Final = everywhere("select consumer, raw_sha256 from {schema}.held_message")

UNQUIET: Final = f"""
    with met as ({MET}), written as ({WRITTEN}), held as ({HELD}), under_way (what, number) as (
      select 'jobs open', count(*) from gateway.job where status in ('processing', 'pending')
      union all
      select 'deliveries not begun', count(*) from unnest($1::uuid[]) as due (client_id)
      where not exists (
        select from gateway.monthly_delivery d where d.client_id = due.client_id)
      union all
      select 'notices not asked for', count(*) from unnest($2::uuid[]) as noticed (client_id)
      where not exists (
        select from notifier.mail m where m.kind = 'monthly' and m.client_id = noticed.client_id)
      union all
      select 'mails under way', count(*) from notifier.mail
      where state in ('pending', 'claimed', 'handing_off')
      union all
      select 'refreshes open', count(*) from scraper.refresh where state in ('queued', 'running')
      union all select 'jobs waiting for stock', count(*) from scraper.waiting_job
      union all select 'jobs waiting for positions', count(*) from assigner.awaited_position
      union all select 'events not published', count(*) from ({UNPUBLISHED}) as unpublished
      union all select 'messages held', count(*) from ({WAITING}) as waiting
      union all
      select 'events not handled', count(*)
      from written join unnest($3::text[], $4::text[]) as reader (type, consumer) using (type)
      where not exists (
        select from met where met.consumer = reader.consumer and met.event_id = written.id)
      union all
      select 'poisons not met', count(*)
      from unnest($5::text[], $6::bytea[]) as poison (consumer, raw_sha256)
      where not exists (
        select from held
        where held.consumer = poison.consumer and held.raw_sha256 = poison.raw_sha256)
    )
    select coalesce(string_agg(number || ' ' || what, ', '), '') from under_way where number > 0
"""  # noqa: S608 - our own constants


async def unquiet(connection: Connection, ledger: Ledger) -> str:
    """What is under way still, in words; nothing once all is quiet."""
    types, consumers = zip(*readers(), strict=True)
    poisons = [
        (consumer, hashlib.sha256(poison.value or b"").digest())
        for poison in ledger.poisons
        for consumer in poison.consumers
    ]
    [row] = await connection.fetch(
        UNQUIET,
        list(ledger.due - ledger.erased),
        list(ledger.noticed - ledger.erased),
        list(types),
        list(consumers),
        [consumer for consumer, _ in poisons],
        [sha256 for _, sha256 in poisons],
    )
    return row[0]
