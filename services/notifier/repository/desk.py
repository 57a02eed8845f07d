"""The desk of one sender: its own connection, the mails it has claimed, their fences."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog

from libs.common import outbox
from libs.common.postgres import AWAY, Connection, connect
from services.notifier.domain.delivery import Decision
from services.notifier.domain.mail import Draft, Letter, Mail
from services.notifier.handlers.outcomes import tell
from services.notifier.repository.facts import drafts
from services.notifier.repository.mails import COLUMNS, to_mail

log = structlog.get_logger()
T = TypeVar("T")

LEASE: Final = timedelta(seconds=30)
BATCH: Final = 8

CLAIM: Final = f"""
    with due as (
      select id from mail
      where state = 'pending' and next_try_at <= public.clock()
      order by next_try_at
      limit $1
      for update skip locked
    )
    update mail
    set state = 'claimed', fence = fence + 1, next_try_at = null,
        lease_until = public.clock() + $2::interval, updated_at = public.clock()
    from due
    where mail.id = due.id
    returning {COLUMNS}
"""  # noqa: S608 - our own constants

HAND_OVER: Final = """
    with promised as (
      update mail
      set state = 'handing_off', lease_until = public.clock() + $3::interval,
          updated_at = public.clock()
      where id = $1 and fence = $2 and state = 'claimed'
        and (client_id is null or exists (
          select from gateway.client_contact as contact
          where contact.client_id = mail.client_id and contact.email = $9))
        and (kind not in ('notification', 'monthly') or not exists (
          select from suppression where suppression.client_id = mail.client_id))
      returning id
    )
    insert into mail_content (mail_id, recipient, subject, headers, text_body, html_body)
    select id, $4, $5, $6, $7, $8 from promised
    on conflict (mail_id) do update set
      recipient = excluded.recipient, subject = excluded.subject, headers = excluded.headers,
      text_body = excluded.text_body, html_body = excluded.html_body,
      rendered_at = excluded.rendered_at
    returning mail_id
"""

PUT_BACK: Final = """
    update mail
    set state = 'pending', next_try_at = public.clock(), lease_until = null,
        updated_at = public.clock()
    from unnest($1::uuid[], $2::bigint[]) as held (id, fence)
    where mail.id = held.id and mail.fence = held.fence and state in ('claimed', 'handing_off')
"""

# The holder of the fence alone may write, and the late 250 of a mail in doubt still counts.
SETTLE: Final = f"""
    with held as (
      select id, case when $3 in ('sent', 'failed', 'unknown', 'suppressed') then $3
                      when give_up_at <= public.clock() then 'failed'
                      else 'pending' end as becomes
      from mail
      where id = $1 and fence = $2
        and (state in ('claimed', 'handing_off') or (state = 'unknown' and $3 = 'sent'))
      for update
    ), moved as (
      update mail
      set state = becomes, version = version + (becomes <> 'pending')::int,
          attempts = attempts + 1, tries = tries + 1,
          next_try_at = case when becomes = 'pending'
                        then least(public.clock() + $4::interval, give_up_at) end,
          lease_until = null, evidence = case when blanked then '' else $5 end,
          updated_at = public.clock()
      from held
      where mail.id = held.id
      returning {COLUMNS}, mail.attempts, mail.blanked
    ), tried as (
      insert into mail_attempt (mail_id, number, verb, code, reply, duration_ms, outcome, trace_id)
      select id, attempts, $6, $7, case when blanked then '' else $8 end, $9, state,
             split_part(traceparent, '-', 2)
      from moved
    )
    select * from moved
"""  # noqa: S608 - our own constants


class PostgresDesk:
    """Claims mails, promises their hand-off, and writes outcomes until they are stored."""

    def __init__(self, url: str, *, relay: asyncio.Event, batch: int = BATCH) -> None:
        self._url, self._relay, self._batch = url, relay, batch
        self._connection: Connection | None = None
        self._stopping = False
        self.held: dict[UUID, int] = {}
        """Fences of the mails in hand, whose leases are to be renewed."""

    async def claim(self) -> Sequence[Draft]:
        """Some mails that are due, now ours, with the facts they tell."""
        try:
            connection = await self._connected()
            rows = await connection.fetch(CLAIM, self._batch, LEASE)
            mails = [to_mail(row) for row in rows]
            self.held = {mail.id: mail.fence for mail in mails}
            return await drafts(connection, mails) if mails else []
        except Exception:
            await self.close()  # broken perhaps, though it does not say so
            raise

    async def hand_over(self, draft: Draft, letter: Letter) -> bool:
        """Promise the hand-off: false when the mail is not ours to send, or not as it was claimed.

        After a lost connection nobody knows whether the promise was stored: then it does not hold.
        """
        if self._stopping:
            return False
        mail, contact = draft.mail, draft.contact
        parts = (letter.subject, letter.headers, letter.text_body, letter.html_body)
        written_to = contact and contact.email
        try:
            connection = await self._connected()
            row = await connection.fetchrow(
                HAND_OVER, mail.id, mail.fence, LEASE, letter.recipient, *parts, written_to
            )
        except AWAY:
            log.warning("hand_over_not_stored", mail_id=str(mail.id))
            return False
        return row is not None

    async def put_back(self, mails: Sequence[Mail]) -> None:
        """Give up mails of which nothing was handed over; they are due at once."""
        ids, fences = [mail.id for mail in mails], [mail.fence for mail in mails]
        await self._until_stored(lambda connection: connection.execute(PUT_BACK, ids, fences))
        self._release(ids)

    async def settle(self, mail: Mail, decision: Decision) -> None:
        """Write what became of a mail, with the events that say so, until it is written."""
        await self._until_stored(lambda connection: self._settle(connection, mail, decision))
        self._release([mail.id])

    def stop(self) -> None:
        """Promise nothing more."""
        self._stopping = True

    async def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            with contextlib.suppress(*AWAY):  # it may be gone already
                await self._connection.close(timeout=2)
        self._connection = None

    async def _settle(self, connection: Connection, mail: Mail, decision: Decision) -> None:
        reply = decision.reply
        async with outbox.transaction(connection, self._relay) as emit:
            row = await connection.fetchrow(
                SETTLE, mail.id, mail.fence, decision.verdict.value, decision.wait, reply.words,
                reply.verb, reply.code, reply.text, reply.duration_ms,
            )  # fmt: skip
            # No row: stored by an earlier try whose answer was lost, or no longer ours.
            if row is not None:
                tell(to_mail(row), emit)

    async def _until_stored(self, write: Callable[[Connection], Awaitable[T]]) -> T:
        pause = 0.1
        while True:
            try:
                return await write(await self._connected())
            except Exception:
                log.exception("outcome_not_stored")
                await self.close()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url)
        return self._connection

    def _release(self, ids: Sequence[UUID]) -> None:
        for mail_id in ids:
            self.held.pop(mail_id, None)
