"""Outcomes of the steps move the jobs that they belong to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

import structlog

from libs.common.envelope import Received
from libs.common.events import (
    AddressesInsufficient,
    Event,
    JobFailed,
    MailSettled,
    PropertiesAssigned,
    PropertiesReady,
    StepFailed,
    StepProgressed,
)
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.telemetry import traces
from services.gateway import metrics
from services.gateway.domain.movements import Detail, Movement
from services.gateway.domain.runs import Advance, Run, advance

log = structlog.get_logger()

TEXT_LENGTH = 500


class Runs(Protocol):
    """The present runs of jobs, as the repository keeps them."""

    async def lock_runs(self, conn: Connection, job_ids: Sequence[UUID]) -> Sequence[Run]:
        """The present runs of those jobs that exist."""
        ...

    async def write_advances(self, conn: Connection, advances: Sequence[Advance]) -> None:
        """Add the news, and keep what they make of the jobs."""
        ...


async def record_outcomes(
    conn: Connection,
    received: Sequence[Received[Any]],
    emit: Emit,
    *,
    runs: Runs,
    max_retries: int,
) -> None:
    """Add what happened to the present runs of its jobs.

    An event of another run, or of a job that does not exist, changes nothing.
    """
    of_run: dict[tuple[UUID, int], list[Received[Any]]] = {}
    for one in received:
        if one.event.job_id is not None and one.event.run is not None:
            of_run.setdefault((one.event.job_id, one.event.run), []).append(one)
    locked = await runs.lock_runs(conn, sorted({job_id for job_id, _ in of_run}))
    said = {
        run.job_id: [
            m for one in of_run.get((run.job_id, run.run), []) for m in movements(one.event)
        ]
        for run in locked
    }
    advances = await move(conn, locked, said, runs=runs, max_retries=max_retries)
    for moved in advances:
        report(emit, moved, of_run[moved.run.job_id, moved.run.run][-1])


async def move(
    conn: Connection,
    locked: Iterable[Run],
    said: Mapping[UUID, Sequence[Movement]],
    *,
    runs: Runs,
    max_retries: int,
) -> Sequence[Advance]:
    """Write what was said of each run, by job; returns those that it was news for."""
    found = (advance(run, said[run.job_id], max_retries=max_retries) for run in locked)
    advances = [moved for moved in found if moved is not None]
    if advances:
        await runs.write_advances(conn, advances)
        metrics.observe_steps(advances)
    return advances


def report(emit: Emit, moved: Advance, cause: Received[Any] | None) -> None:
    """Say aloud what a person must hear of."""
    run, failure = moved.run, moved.alert
    if failure is None:
        return
    failed = JobFailed(
        job_id=run.job_id,
        client_id=run.client_id,
        kind=run.kind,
        run=run.run,
        ladder=run.ladder,
        attempts=run.attempt,
        step=failure.step,
        reason=failure.reason,
    )
    ids = {**(cause.ids if cause else {}), "job_id": str(run.job_id)}
    with traces.working_for(cause.traceparent if cause else traces.bound()):
        log.error("job_failed", step=failure.step, attempts=run.attempt, **ids)
        emit(failed, cause)


def movements(event: Event) -> tuple[Movement, ...]:
    """What an event says of its run."""
    match event:
        case StepProgressed():
            return (_progressed(event),)
        case StepFailed():
            why = Detail(permanent=event.permanent, reason=_text(event.reason))
            state = "broken" if event.step == "mail" else "failed"
            return (Movement(step=event.step, state=state, detail=why),)
        case MailSettled(mail_kind="notification"):
            settled = Detail(version=event.version, reason=_text(event.evidence))
            return (Movement(step="mail", state=event.state, detail=settled),)
        case _:
            return _done(event)


def _done(event: Event) -> tuple[Movement, ...]:
    """The end of a step begins the next; too few homes do not: what was found is said apart."""
    match event:
        case PropertiesReady():
            noted = Detail(note=_text("; ".join(event.notes)))
            ready = Movement(step="scrape", state="done", detail=noted)
            return ready, Movement(step="assign", state="running")
        case PropertiesAssigned():
            chosen = Detail(requested=event.requested, found=event.found)
            assigned = Movement(step="assign", state="done", detail=chosen)
            return assigned, Movement(step="mail", state="running")
        case AddressesInsufficient():
            return (Movement(step="assign", state="done", detail=_too_few(event)),)
        case _:
            return ()


def _too_few(event: AddressesInsufficient) -> Detail:
    note = f"{event.found} of {event.requested}"
    return Detail(requested=event.requested, found=event.found, note=note)


def _progressed(event: StepProgressed) -> Movement:
    detail = Detail(
        done=event.done,
        total=event.total,
        note=_text(event.note),
        next_try_at=event.next_try_at,
    )
    # Only a mail is waited for by the hour; the other steps are under way while they wait.
    waits = event.step == "mail" and event.state == "waiting"
    return Movement(step=event.step, state="waiting" if waits else "running", detail=detail)


def _text(said: str) -> str:
    """Words from outside, without the one character that PostgreSQL's text cannot hold."""
    return said.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:TEXT_LENGTH]
