"""Mails as they would be: asked for as rows, written here, sent to nobody."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import msgspec
import structlog
from msgspec.structs import replace

from libs.common import postgres
from libs.common.errors import PermanentError
from libs.common.postgres import Connection
from services.notifier.domain.identity import CLIENT_KINDS
from services.notifier.domain.mail import Draft, Job, Kind, Mail, Request
from services.notifier.handlers.sending import Compose
from services.notifier.repository.facts import drafts
from services.notifier.repository.mails import COLUMNS, to_mail
from services.notifier.repository.sending import Sending, tell

log = structlog.get_logger()

REST_SECONDS: Final = 0.25
AWAY_SECONDS: Final = 2.0
AT_ONCE: Final = 8
INVENTED_RECIPIENT: Final = "camille.durand@agence.example"

ASKED: Final = """
    select id, kind, client_id, locale, asked_at from preview
    where state = 'asked' order by id limit $1 for update skip locked
"""

ANSWER: Final = """
    update preview
    set state = case when $2::text is null then 'ready' else 'failed' end, error = $2,
        recipient = $3, subject = $4, headers = $5, text_body = $6, html_body = $7, sample = $8
    where id = $1
"""

LATEST_DELIVERY: Final = """
    select job_id, 'process' as job_kind, 1 as run, 1 as ladder from assigner.delivered
    where client_id = $1 order by assigned_at desc, job_id limit 1
"""

NEXT_DELIVERY: Final = "select first_delivery_on from gateway.client_contact where client_id = $1"

LATEST_ALERT: Final = f"""
    select {COLUMNS} from mail
    where client_id = $1 and kind = $2 and not blanked order by mail.created_at desc limit 1
"""  # noqa: S608 - our own constants


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which mail somebody wants to see: of a client, or of nobody."""

    id: UUID
    kind: str
    client_id: UUID | None
    locale: str | None
    asked_at: datetime


class Previews(msgspec.Struct, frozen=True, kw_only=True):
    """Writes what is asked for; facts that there are none of are invented, which the mail says."""

    sending: Sending
    compose: Compose
    alert_address: str

    async def serve(self, url: str) -> None:
        """Write previews, for ever."""
        while True:
            try:
                async with postgres.connection(url) as connection:
                    await tell(connection, self.sending)
                    while True:
                        if not await self.write_some(connection):
                            await asyncio.sleep(REST_SECONDS)
            except postgres.FAILED as error:
                log.warning("previews_interrupted", error=type(error).__name__)
            except Exception:
                log.exception("previews_not_written")
            await asyncio.sleep(AWAY_SECONDS)

    async def write_some(self, connection: Connection) -> int:
        """Write the previews that wait; how many there were."""
        async with connection.transaction():
            rows = await connection.fetch(ASKED, AT_ONCE)
            for asked in msgspec.convert([dict(row) for row in rows], list[Asked]):
                try:
                    async with connection.transaction():
                        await self._answer(connection, asked)
                except postgres.AWAY:
                    raise
                except Exception as error:  # a bug of ours: it must not hold up the others
                    log.exception("preview_not_written", kind=asked.kind)
                    await _refuse(connection, asked, error)
        return len(rows)

    async def _answer(self, connection: Connection, asked: Asked) -> None:
        draft = await self._draft(connection, asked)
        if draft is None:
            await _refuse(connection, asked, PermanentError("the client is gone"))
            return
        try:
            written = self.compose(draft)
        except PermanentError as error:
            await _refuse(connection, asked, error)
            return
        parts = (written.recipient, written.subject, written.headers)
        bodies = (written.text_body, written.html_body)
        sample = draft.mail.kind == "test"
        await connection.execute(ANSWER, asked.id, None, *parts, *bodies, sample)

    async def _draft(self, connection: Connection, asked: Asked) -> Draft | None:
        """The facts of the mail as they are; nothing when the client is gone."""
        mail = await self._mail(connection, asked)
        [draft] = await drafts(connection, [mail or self._sample(asked)])
        if asked.client_id and draft.contact is None:
            return None
        if mail and mail.kind == "notification" and not draft.homes:
            [draft] = await drafts(connection, [self._sample(asked)])
        if mail and mail.kind == "monthly":
            eve = date.fromisoformat(mail.detail["delivery_on"]) - timedelta(days=1)
            draft = replace(draft, today=eve)
        return _adapted(draft, asked)

    async def _mail(self, connection: Connection, asked: Asked) -> Mail | None:
        """The mail as it would be asked for; nothing when there is nothing to tell of."""
        client_id = asked.client_id
        if client_id is None:
            return None
        if asked.kind in {"insufficient", "error"}:
            row = await connection.fetchrow(LATEST_ALERT, client_id, asked.kind)
            return to_mail(row) if row else None
        if asked.kind == "notification":
            row = await connection.fetchrow(LATEST_DELIVERY, client_id)
            job = row and Job(
                id=row["job_id"], kind=row["job_kind"], run=row["run"], ladder=row["ladder"]
            )
            return self._new(asked, "notification", job.id, job=job) if job else None
        if asked.kind == "monthly":
            day = await connection.fetchval(NEXT_DELIVERY, client_id)
            told = (
                {"detail": {"delivery_on": day.isoformat()}, "period": f"{day:%Y-%m}"}
                if day
                else {}
            )
            return self._new(asked, "monthly", client_id, **told) if day else None
        return self._new(asked, "welcome", client_id) if asked.kind == "welcome" else None

    def _sample(self, asked: Asked) -> Mail:
        recipient = INVENTED_RECIPIENT if asked.kind in CLIENT_KINDS else self.alert_address
        detail = {"template_type": asked.kind, "recipient": recipient}
        return self._new(asked, "test", asked.id, detail=detail)

    def _new(self, asked: Asked, kind: Kind, subject_id: UUID, **said: Any) -> Mail:
        # A request knows the ids of its mail; a mail of nobody is asked for by nobody.
        client_id = cast(UUID, asked.client_id)
        request = Request(kind=kind, subject_id=subject_id, client_id=client_id, **said)
        return Mail(
            id=request.id,
            kind=kind,
            subject_id=subject_id,
            period=request.period,
            message_id=request.message_id(self.sending.id_domain),
            client_id=asked.client_id,
            job=request.job,
            detail=request.detail,
            state="claimed",
            version=0,
            tries=0,
            fence=0,
            evidence="",
            next_try_at=None,
            created_at=asked.asked_at,
        )


async def _refuse(connection: Connection, asked: Asked, error: Exception) -> None:
    bug = f"it cannot be written ({type(error).__name__})"
    why = str(error) if isinstance(error, PermanentError) else bug
    nothing: Sequence[Any] = [None] * 6
    await connection.execute(ANSWER, asked.id, why, *nothing)


def _adapted(draft: Draft, asked: Asked) -> Draft:
    """In the language that was asked for; a sample goes where the mail itself would go."""
    detail = dict(draft.mail.detail)
    if asked.locale:
        detail["locale"] = asked.locale
    if draft.mail.kind == "test" and draft.contact and asked.kind in CLIENT_KINDS:
        detail["recipient"] = draft.contact.email
    return replace(draft, mail=replace(draft.mail, detail=detail))
