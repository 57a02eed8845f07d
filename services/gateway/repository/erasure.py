"""Clients of whom nothing may be left but that they were."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from libs.common.postgres import Connection

# Whoever starts a job for the client locks its row too: it is seen by what follows, or not started.
LOCK: Final = "select email from client where id = $1 for update"

# Whom a test mail went to may have been no client then.
ADOPT: Final = "select notifier.adopt_test_mails($1, $2)"

IS_ERASED: Final = "select exists (select from erased_client where id = $1)"

BURY: Final = """
    with gone as (
      delete from client where id = $1 returning id
    )
    insert into erased_client (id, assignments, jobs, deliveries)
    select id, (select count(*) from assigner.delivered where client_id = $1),
           (select count(*) from job where client_id = $1),
           (select count(*) from monthly_delivery where client_id = $1)
    from gone
"""

# All of them and in their order, as their outcomes take them: else each waits for the other.
LOCK_JOBS: Final = "select id, status from job where client_id = $1 order by id for update"

# A server that refuses a mail may name its recipient. What a mail's steps said goes with it.
FORGET_WORDS: Final = """
    update movement set detail = detail - array['reason', 'note']
    where step = 'mail' and detail ?| array['reason', 'note']
      and job_id in (select id from job where client_id = $1)
"""

FORGET_ERRORS: Final = """
    update job set error_message = 'The mail step failed', updated_at = public.clock()
    where client_id = $1 and status = 'failed'
      and exists (
        select from movement m
        where m.job_id = job.id and m.run = job.run and m.step = 'mail'
          and m.state in ('failed', 'broken'))
"""


async def lock(connection: Connection, client_id: UUID) -> str | None:
    """The mail address of the client, who is now kept to this transaction; none if there is none."""
    return await connection.fetchval(LOCK, client_id)


async def is_erased(connection: Connection, client_id: UUID) -> bool:
    """Whether there was such a client, who is gone."""
    return bool(await connection.fetchval(IS_ERASED, client_id))


async def bury(connection: Connection, client_id: UUID) -> None:
    """Put in the client's place how much it received."""
    await connection.execute(BURY, client_id)


async def open_jobs(connection: Connection, client_id: UUID) -> Sequence[UUID]:
    """The client's jobs that are not at their end; all the jobs are kept to this transaction."""
    jobs = await connection.fetch(LOCK_JOBS, client_id)
    return [job["id"] for job in jobs if job["status"] in {"processing", "pending"}]


async def forget_words(connection: Connection, client_id: UUID) -> None:
    """Forget what mail servers said about the client's mails."""
    await connection.execute(FORGET_WORDS, client_id)
    await connection.execute(FORGET_ERRORS, client_id)


async def adopt_test_mails(connection: Connection, client_id: UUID, email: str) -> None:
    """Have test mails to the client's address forgotten with the client."""
    await connection.execute(ADOPT, client_id, email)
