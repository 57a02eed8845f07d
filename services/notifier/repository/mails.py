"""Mails as rows: asked for, and forgotten."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from libs.common.postgres import Connection
from services.notifier.domain.mail import Job, Mail, Request

LIFETIME: Final = timedelta(hours=24)
"""How long transient refusals are tried again; functions of the schema say it too."""

# `give_up_at` is set whenever a mail is asked for, or asked for anew: its links begin with that.
COLUMNS: Final = """
    mail.id, mail.kind, mail.subject_id, mail.period, mail.message_id, mail.client_id, mail.job_id,
    mail.job_kind, mail.run, mail.ladder, mail.detail, mail.state, mail.version, mail.tries,
    mail.fence, mail.evidence, mail.next_try_at, mail.traceparent,
    mail.give_up_at - interval '24 hours' as created_at
"""

REOPENED: Final = "mail.kind = 'notification' and mail.state = 'failed' and not mail.blanked and excluded.ladder > mail.ladder"

ASK: Final = f"""
    insert into mail (id, kind, subject_id, period, message_id, client_id, job_id, job_kind, run,
                      ladder, detail, traceparent, next_try_at, give_up_at)
    select asked.*, public.clock(), public.clock() + $13::interval
    from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
                $8::text[], $9::int[], $10::int[], $11::jsonb[], $12::text[]) as asked
    on conflict (kind, subject_id, period) do update set
      run = greatest(mail.run, excluded.run),
      ladder = greatest(mail.ladder, excluded.ladder),
      state = case when {REOPENED} then 'pending' else mail.state end,
      next_try_at = case when {REOPENED} then excluded.next_try_at else mail.next_try_at end,
      give_up_at = case when {REOPENED} then excluded.give_up_at else mail.give_up_at end,
      tries = case when {REOPENED} then 0 else mail.tries end,
      traceparent = excluded.traceparent, updated_at = public.clock()
    returning {COLUMNS}
"""  # noqa: S608 - our own constants

# Whom a test mail went to may not have been a client then.
ADOPT: Final = """
    update mail set client_id = erased.client_id
    from (
      select distinct mail.client_id, lower(recipient) as recipient
      from mail join mail_content on mail_id = mail.id
      where mail.client_id = any($1::uuid[]) and kind in ('notification', 'monthly', 'welcome')
    ) as erased
    where mail.kind = 'test' and not mail.blanked and mail.client_id is null
      and lower(mail.detail ->> 'recipient') = erased.recipient
"""

FORGET: Final = f"""
    with erased as (
      select id, state in ('pending', 'claimed') as stopped from mail
      where client_id = any($1::uuid[])
      order by id
      for update
    ), blanked as (
      update mail
      set blanked = true, detail = '{{}}', evidence = '', updated_at = public.clock(),
          state = case when stopped then 'suppressed' else state end,
          version = version + stopped::int,
          next_try_at = null,
          lease_until = case when stopped then null else lease_until end
      from erased
      where mail.id = erased.id
      returning {COLUMNS}, stopped
    )
    select * from blanked where stopped
"""  # noqa: S608 - our own constants

FORGET_CONTENT: Final = """
    delete from mail_content using mail
    where mail_content.mail_id = mail.id and mail.client_id = any($1::uuid[])
"""

FORGET_REPLIES: Final = """
    update mail_attempt set reply = '' from mail
    where mail_attempt.mail_id = mail.id and mail.client_id = any($1::uuid[])
"""

FORGET_SUPPRESSION: Final = "delete from suppression where client_id = any($1::uuid[])"

FORGET_PREVIEWS: Final = "delete from preview where client_id = any($1::uuid[])"


class PostgresMails(msgspec.Struct, frozen=True):
    """The mails that handlers ask for, in the transaction of their events."""

    connection: Connection
    mail_domain: str

    async def ask(self, requests: Sequence[Request]) -> Sequence[Mail]:
        """Make the mails that do not exist yet; return all as they now stand.

        A failed notification asked for by a newer ladder is pending again.
        """
        # In one order everywhere, so that two transactions never wait for each other.
        rows = sorted(map(self._row, requests), key=lambda row: row[0])
        columns = [list(column) for column in zip(*rows, strict=True)]
        if not columns:
            return []
        return [to_mail(row) for row in await self.connection.fetch(ASK, *columns, LIFETIME)]

    async def erase(self, client_ids: Sequence[UUID]) -> Sequence[Mail]:
        """Blank all mails of these clients; return those that were still to be sent."""
        await self.connection.execute(ADOPT, client_ids)
        rows = await self.connection.fetch(FORGET, client_ids)
        # Statements of their own: they see what a sender committed while the first one waited.
        for statement in (FORGET_CONTENT, FORGET_REPLIES, FORGET_SUPPRESSION, FORGET_PREVIEWS):
            await self.connection.execute(statement, client_ids)
        return [to_mail(row) for row in rows]

    def _row(self, request: Request) -> tuple[Any, ...]:
        job = request.job
        of_job = (job.id, job.kind, job.run, job.ladder) if job else (None, None, None, None)
        return (
            request.id,
            request.kind,
            request.subject_id,
            request.period,
            request.message_id(self.mail_domain),
            request.client_id,
            *of_job,
            request.detail,
            request.traceparent,
        )


def to_mail(row: Any) -> Mail:
    """The mail in a row of `COLUMNS`."""
    job = row["job_id"] and Job(
        id=row["job_id"], kind=row["job_kind"], run=row["run"], ladder=row["ladder"]
    )
    own = {name: row[name] for name in Mail.__struct_fields__ if name != "job"}
    return Mail(job=job, **own)
