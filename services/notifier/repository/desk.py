"""The desk of one sender: its connection for claims, the mails it has claimed, their fences."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final
from uuid import UUID

import structlog

from libs.common.postgres import AWAY, FAILED, Connection
from services.notifier.domain.delivery import Decision, Reply, decide
from services.notifier.domain.mail import Draft, Letter, Mail
from services.notifier.repository.facts import drafts
from services.notifier.repository.keyed import connect
from services.notifier.repository.mails import COLUMNS, to_mail
from services.notifier.repository.outcomes import CLAIM_LEASE, Outcome, Outcomes, Promise

log = structlog.get_logger()

BATCH: Final = 16

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

PUT_BACK: Final = """
    update mail
    set state = 'pending', next_try_at = public.clock(), lease_until = null,
        updated_at = public.clock()
    from unnest($1::uuid[], $2::bigint[]) as held (id, fence)
    where mail.id = held.id and mail.fence = held.fence and state in ('claimed', 'handing_off')
"""


class PostgresDesk:
    """Claims mails, promises their hand-off, and writes outcomes until they are stored."""

    def __init__(self, url: str, outcomes: Outcomes, *, batch: int = BATCH) -> None:
        self._url, self._outcomes, self._batch = url, outcomes, batch
        self._connection: Connection | None = None
        self._stopping = False
        self.held: dict[UUID, int] = {}
        """Fences of the mails in hand, whose leases are to be renewed."""

    async def claim(self) -> Sequence[Draft]:
        """Some mails that are due, now ours, with the facts they tell."""
        try:
            connection = await self._connected()
            rows = await connection.fetch(CLAIM, self._batch, CLAIM_LEASE)
            mails = [to_mail(row) for row in rows]
            self.held = {mail.id: mail.fence for mail in mails}
            return await self._read(connection, mails) if mails else []
        except Exception:
            await self.close()  # broken perhaps, though it does not say so
            raise

    async def hand_over(self, draft: Draft, letter: Letter) -> bool:
        """Promise the hand-off: false when the mail is not ours to send, or not as it was claimed.

        After a lost connection nobody knows whether the promise was stored: then it does not hold.
        """
        if self._stopping:
            return False
        try:
            return await self._outcomes.promises.store(Promise(draft, letter))
        except AWAY:
            log.warning("hand_over_not_stored", mail_id=str(draft.mail.id))
            return False

    async def put_back(self, mails: Sequence[Mail]) -> None:
        """Give up mails of which nothing was handed over; they are due at once."""
        ids, fences = [mail.id for mail in mails], [mail.fence for mail in mails]

        async def store() -> None:
            await (await self._connected()).execute(PUT_BACK, ids, fences)

        await self._until_stored(store)
        self._release(ids)

    async def settle(self, mail: Mail, decision: Decision) -> None:
        """Write what became of a mail, with the events that say so, until it is written."""
        outcome = Outcome(mail, decision)
        await self._until_stored(lambda: self._outcomes.settled.store(outcome))
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

    async def _read(self, connection: Connection, mails: Sequence[Mail]) -> Sequence[Draft]:
        """The mails with their facts; one that cannot be read is tried later and holds up no other."""
        try:
            return await drafts(connection, mails)
        except FAILED:  # not about a mail
            raise
        except Exception as error:
            if len(mails) > 1:
                return [draft for mail in mails for draft in await self._read(connection, [mail])]
            [mail] = mails
            log.exception("mail_not_read", mail_id=str(mail.id), kind=mail.kind)
            await self.settle(mail, decide(Reply("CLAIM", None, type(error).__name__), mail.tries))
            return []

    async def _until_stored(self, store: Callable[[], Awaitable[None]]) -> None:
        pause = 0.1
        while True:
            try:
                await store()
            except Exception:
                log.exception("outcome_not_stored")
                await self.close()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)
            else:
                return

    async def _connected(self) -> Any:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._url)
        return self._connection

    def _release(self, ids: Sequence[UUID]) -> None:
        for mail_id in ids:
            self.held.pop(mail_id, None)
