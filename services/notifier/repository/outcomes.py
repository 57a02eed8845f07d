"""Promises and outcomes of mails, those of all senders together."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from libs.common import outbox
from libs.common.postgres import Connection
from services.notifier.domain.delivery import Decision
from services.notifier.domain.mail import Draft, Letter, Mail
from services.notifier.handlers.outcomes import tell
from services.notifier.repository.mails import COLUMNS, to_mail
from services.notifier.repository.together import Together

T = TypeVar("T")

LEASE: Final = timedelta(seconds=30)
"""Of a mail that is being handed over: when it ends, nobody knows what became of the mail."""
CLAIM_LEASE: Final = timedelta(seconds=10)
"""Of a mail not yet promised: when it ends, another sender takes it, and nothing is lost but time."""

# `offset 0`: client and door are looked up by their keys; else all of them are read each time.
HAND_OVER: Final = """
    with asked as (
      select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::jsonb[],
                           $6::text[], $7::text[], $8::text[], $9::date[])
        as asked (id, fence, recipient, subject, headers, text_body, html_body, written_to, written_on)
    ), withheld as materialized (
      select mail_id from unnest($11::uuid[], $12::text[]) as shown (mail_id, home_key)
      where exists (select from scraper.opposed where opposed.home_key = shown.home_key offset 0)
    ), promised as (
      update mail
      set state = 'handing_off', lease_until = public.clock() + $10::interval,
          updated_at = public.clock()
      from asked
      where mail.id = asked.id and mail.fence = asked.fence and state = 'claimed'
        and (client_id is null or exists (
          select from gateway.client_contact as contact
          where contact.client_id = mail.client_id and contact.email = asked.written_to
            and (mail.kind <> 'monthly' or contact.status = 'active') offset 0))
        and (kind <> 'monthly' -- "tomorrow" is another day after midnight
             or written_on = (public.clock() at time zone 'Europe/Paris')::date)
        and (kind not in ('notification', 'monthly') or not exists (
          select from suppression where suppression.client_id = mail.client_id))
        and not exists (select from withheld where withheld.mail_id = mail.id)
      returning mail.id
    )
    insert into mail_content (mail_id, recipient, subject, headers, text_body, html_body)
    select id, recipient, subject, headers, text_body, html_body from promised join asked using (id)
    on conflict (mail_id) do update set
      recipient = excluded.recipient, subject = excluded.subject, headers = excluded.headers,
      text_body = excluded.text_body, html_body = excluded.html_body,
      rendered_at = excluded.rendered_at
    returning mail_id
"""

# The holder of the fence alone may write, and the late 250 of a mail in doubt still counts, also
# when somebody has just had it sent again.
SETTLE: Final = f"""
    with told as (
      select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::interval[], $5::text[],
                           $6::text[], $7::int[], $8::text[], $9::int[])
        as told (id, fence, verdict, wait, words, verb, code, reply, duration_ms)
    ), held as (
      select told.*,
             case when verdict in ('sent', 'failed', 'unknown', 'suppressed') then verdict
                  when give_up_at <= public.clock() then 'failed'
                  else 'pending' end as becomes
      from told join mail on mail.id = told.id and mail.fence = told.fence
      where mail.state in ('claimed', 'handing_off')
            or (mail.state in ('unknown', 'pending') and verdict = 'sent')
      order by mail.id
      for update of mail
    ), moved as (
      update mail
      set state = becomes, version = version + (becomes <> 'pending')::int,
          attempts = attempts + 1, tries = tries + 1,
          next_try_at = case when becomes = 'pending'
                        then least(public.clock() + held.wait, give_up_at) end,
          lease_until = null, evidence = case when blanked then '' else held.words end,
          updated_at = public.clock()
      from held
      where mail.id = held.id
      returning {COLUMNS}, mail.attempts, mail.blanked
    ), tried as (
      insert into mail_attempt (mail_id, number, verb, code, reply, duration_ms, outcome, trace_id)
      select id, attempts, verb, code, case when blanked then '' else reply end, duration_ms, state,
             split_part(traceparent, '-', 2)
      from moved join told using (id)
    )
    select * from moved
"""  # noqa: S608 - our own constants


class Promise(msgspec.Struct, frozen=True):
    """A letter that is to be handed over next."""

    draft: Draft
    letter: Letter


class Outcome(msgspec.Struct, frozen=True):
    """What became of a mail at its try."""

    mail: Mail
    decision: Decision


class Outcomes:
    """One for all senders of a process: what they say at the same moment is one commit."""

    def __init__(self, url: str, relay: asyncio.Event) -> None:
        self.promises = Together[Promise, bool](url, promise)
        self.settled = Together[Outcome, None](url, partial(settle, relay=relay))

    async def close(self) -> None:
        """Let go of the connections."""
        await self.promises.close()
        await self.settled.close()


async def promise(connection: Connection, promises: Sequence[Promise]) -> list[bool]:
    """Which letters may be handed over: their mails are ours to send, and as they were claimed."""
    rows = [_promised(one) for one in _in_order([(one.draft.mail.id, one) for one in promises])]
    shown = [(one.draft.mail.id, home.home_key) for one in promises for home in one.draft.homes]
    mails, homes = [mail for mail, _ in shown], [home for _, home in shown]
    found = await connection.fetch(HAND_OVER, *zip(*rows, strict=True), LEASE, mails, homes)
    kept = {row["mail_id"] for row in found}
    return [one.draft.mail.id in kept for one in promises]


def _promised(one: Promise) -> tuple[object, ...]:
    mail, contact, letter = one.draft.mail, one.draft.contact, one.letter
    parts = (letter.subject, letter.headers, letter.text_body, letter.html_body)
    written = (contact and contact.email, one.draft.today)
    return (mail.id, mail.fence, letter.recipient, *parts, *written)


async def settle(
    connection: Connection, outcomes: Sequence[Outcome], *, relay: asyncio.Event
) -> list[None]:
    """Write what became of the mails, with the events that say so.

    Nothing is written of a mail that is no longer ours, or whose outcome an earlier try stored
    without hearing so.
    """
    rows = [_told(one) for one in _in_order([(one.mail.id, one) for one in outcomes])]
    async with outbox.transaction(connection, relay) as emit:
        for row in await connection.fetch(SETTLE, *zip(*rows, strict=True)):
            tell(to_mail(row), emit)
    return [None] * len(outcomes)


def _told(one: Outcome) -> tuple[object, ...]:
    mail, decision = one.mail, one.decision
    reply = decision.reply
    words = (reply.words, reply.verb, reply.code, reply.text, reply.duration_ms)
    return (mail.id, mail.fence, decision.verdict.value, decision.wait, *words)


def _in_order(pairs: Sequence[tuple[UUID, T]]) -> list[T]:
    """By id, so that two transactions never wait for each other."""
    return [one for _, one in sorted(pairs, key=lambda pair: pair[0])]
