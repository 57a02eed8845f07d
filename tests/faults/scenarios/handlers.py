"""What becomes of a handler that fails for one client, is slow, or never returns."""

from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

import psutil

from tests.faults.load import process, register
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.scenario import scenario
from tests.faults.scenarios import looks
from tests.faults.zygote import Life

MET_BY: Final = 90
"""The number of the client who meets the bug."""
BUG: Final = f"""
    create function public.bug() returns trigger language plpgsql security definer as $$
    begin
      if exists (select from gateway.client
                 where id = new.client_id and last_name = 'Nomdessai{MET_BY}') then
        raise exception 'a bug that one client meets';
      end if;
      return new;
    end $$;
    create trigger bug before insert on {{table}} for each row execute function public.bug();
"""
MEND: Final = "drop trigger bug on {table}"
JOB_LADDER: Final = (timedelta(hours=1), timedelta(hours=2), timedelta(hours=4))
HELD_LADDER: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
A_MOMENT: Final = timedelta(seconds=5)
MOST_GROWTH_BYTES: Final = 64 * 1024 * 1024

JOB_IS: Final = "select true from gateway.job where id = $1 and status = $2 and run = $3"
OTHERS_ARE_DONE: Final = """
    select bool_and(status = 'completed') from gateway.job where client_id <> $1
"""
IS_TOLD: Final = "select true from notifier.mail where kind = 'error' and job_id = $1"
HELD: Final = "select id from notifier.held_message where attempts = $1 and state = $2"
DONE: Final = "select state = 'done' from notifier.held_message where id = $1"
CHOSEN: Final = "select count(*) > 0 from assigner.choice"


@scenario("F20", "The assigner has a bug that one client meets")
async def bug_in_a_step(rig: Rig) -> None:
    """Others go on; the job climbs its ladder and fails aloud; mended and retried, it is done."""
    await rig.execute(BUG.format(table="assigner.choice"))
    client_id = await register(rig, MET_BY)
    job_id = await process(rig, client_id)
    for run, wait in enumerate(JOB_LADDER, start=1):
        await rig.until_row(JOB_IS, job_id, "pending", run)
        await rig.until_row(OTHERS_ARE_DONE, client_id)
        await rig.advance(wait + A_MOMENT)
    await rig.until_row(JOB_IS, job_id, "failed", len(JOB_LADDER) + 1)
    await rig.until_row(IS_TOLD, job_id)
    await rig.execute(MEND.format(table="assigner.choice"))
    await _operate(rig, f"/admin/jobs/{job_id}/retry", "job.retry", str(job_id))
    await rig.until_row(JOB_IS, job_id, "completed", len(JOB_LADDER) + 2)


@scenario("F20-held", "The notifier has a bug that one client's welcome meets")
async def bug_in_a_message(rig: Rig) -> None:
    """Others go on; the event is tried four times and dead; mended and replayed, it is done."""
    await rig.execute(BUG.format(table="notifier.mail"))
    client_id = await register(rig, MET_BY)
    await rig.loaded.wait()
    for attempts, wait in enumerate(HELD_LADDER, start=1):
        await rig.until_row(HELD, attempts, "waiting")
        await rig.until_row(OTHERS_ARE_DONE, client_id)
        await rig.advance(wait + A_MOMENT)
    row = await rig.until_row(HELD, len(HELD_LADDER) + 1, "dead")
    held_id: UUID = row["id"]
    await rig.execute(MEND.format(table="notifier.mail"))
    path = f"/admin/dead-letters/notifier/{held_id}/replay"
    await _operate(rig, path, "dead_letter.replay", f"notifier/{held_id}")
    await rig.until_row(DONE, held_id)


@scenario(
    "F21",
    "An assigner does nothing for 25 s, then all that came",
    clients=24,
    failpoint={"assigner": "assigner.drawn:sleep:1:25"},
)
async def slow(rig: Rig) -> None:
    """The lag shows, memory does not grow, the group stays as it is."""
    life = rig.of("assigner")
    before = psutil.Process(life.pid).memory_info().rss
    await rig.until(partial(_shows_lag, life))
    await rig.until_row(CHOSEN)
    await rig.loaded.wait()
    grown = psutil.Process(life.pid).memory_info().rss - before
    rig.note(f"{grown / 1024 / 1024:.0f} MB more than at its start")
    if grown > MOST_GROWTH_BYTES:
        raise Violated(f"the slow assigner grew by {grown / 1024 / 1024:.0f} MB")
    rig.expect("the group kept it", partial(_kept_its_partitions, rig))


@scenario(
    "F22",
    "A handler of the assigner never returns",
    failpoint={"assigner": "assigner.drawn:sleep"},
)
async def hanging(rig: Rig) -> None:
    """PostgreSQL ends its session after 30 s, its budget itself after 60; the batch is done once."""
    await rig.until_row(CHOSEN, seconds=120)
    if not looks.logged(rig, "assigner", "postgres_away"):
        raise Violated("the assigner went on without a word about its handler")


async def _operate(rig: Rig, path: str, action: str, target: str) -> None:
    """What an operator does, asked again until it is done."""

    async def done() -> Any:
        answer = await rig.admin.post(path)
        if answer.is_client_error:
            raise Violated(f"POST {path}: {answer.status_code} {answer.text}")
        return answer.is_success

    await rig.until(done)
    rig.ledger.operated.append((action, target))


async def _shows_lag(life: Life) -> bool:
    page = await looks.probe(life, "/metrics")
    return any(
        line.startswith("trackimmo_consumer_lag{") and not line.endswith(" 0.0")
        for line in page.text.splitlines()
    )


async def _kept_its_partitions(rig: Rig) -> None:
    if lost := looks.logged(rig, "assigner", "offset_not_committed"):
        raise Violated(f"{lost} commits were refused: the group went on without it")
