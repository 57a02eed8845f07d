"""Without what makes jobs and deliveries right: keys of the business, movements, the drawing."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from services.gateway.domain.movements import Outcome
from tests.faults.mutants.mutant import Mutant, Swap, function, instead, text

SCHEDULE: Final = "services.gateway.repository.schedule"


def _last_one_wins(outcome: Callable[..., Outcome]) -> Callable[..., Outcome]:
    def mutated(movements: Sequence[Any], *, last_attempt: bool) -> Outcome:
        return outcome(movements[-1:], last_attempt=last_attempt)

    return mutated


def _always_news(_known: Any, _movement: Any) -> bool:
    return True


def _as_of_today(request: Callable[..., Any]) -> Callable[..., Any]:
    def mutated(event: Any, ages: Any) -> Any:
        now = datetime.now(UTC).date()
        return request(msgspec.structs.replace(event, as_of=now), ages)

    return mutated


async def _never_asked(*_: Any) -> None:
    """No answer was ever given."""


JOBS: Final = (
    Mutant(
        name="tick without a key",
        says="A tick may be inserted twice: whoever looks at the clock emits it",
        scenario="two schedulers",
        caught_by=("I9",),
        sql="alter table scheduler.tick drop constraint tick_pkey",
        swaps=(
            text(
                "services.scheduler.repository:RECORD",
                (
                    "on conflict (kind, due_on) do update set requested = false where tick.requested",
                    "",
                ),
                ("old.kind is null as is_new", "true as is_new"),
            ),
        ),
    ),
    Mutant(
        name="last event wins",
        says="Movements are not monotone: what was heard last is how a job stands",
        scenario="told again",
        caught_by=("I9",),
        swaps=(
            Swap("services.gateway.domain.runs:outcome", _last_one_wins),
            instead("services.gateway.domain.runs:adds", _always_news),
        ),
    ),
    Mutant(
        name="alert each time",
        says="A failed job is told to people whenever something more is heard of it",
        scenario="more bad news",
        caught_by=("I9",),
        swaps=(
            text(
                "services.gateway.repository.movements:LOCK",
                ("coalesce(alerted_ladder = ladder, false) as alerted", "false as alerted"),
            ),
        ),
    ),
    Mutant(
        name="open job without a key",
        says="A client may have two open jobs of kind process",
        scenario="callers at once",
        caught_by=("I1", "scenario"),
        sql="drop index gateway.job_one_open_process",
        swaps=(
            text(
                "services.gateway.repository.jobs:START",
                (
                    "on conflict (client_id) where kind = 'process' and status in ('processing', 'pending')\n        do nothing",
                    "",
                ),
            ),
        ),
    ),
    Mutant(
        name="no memory of requests",
        says="A request that comes again under its Idempotency-Key is done again",
        scenario="callers at once",
        caught_by=("scenario",),
        swaps=(instead("services.gateway.repository.idempotency:find", _never_asked),),
    ),
    Mutant(
        name="delivery without a key",
        says="A client may have two deliveries of one month, and nobody looks whether it has one",
        scenario="told again",
        caught_by=("I1",),
        sql="alter table gateway.monthly_delivery drop constraint monthly_delivery_pkey;"
        "alter table gateway.tick_handled drop constraint tick_handled_pkey;"
        + function(
            "gateway.due_clients(date, date, int)",
            "where d.client_id = c.id and d.month = m.month)",
            "where false)",
        ),
    ),
    Mutant(
        name="choice without a key",
        says="A job may be chosen for twice, and nobody looks whether it was",
        scenario="told again",
        caught_by=("I2", "I6"),
        sql="alter table assigner.choice drop constraint choice_pkey cascade;"
        "alter table assigner.assignment drop constraint assignment_job_id_position_key;"
        + function(
            "assigner.asked(jsonb)",
            "where not exists (select from assigner.choice where choice.job_id = job.job_id)",
            "where true",
        ),
    ),
    Mutant(
        name="assignment without a key",
        says="A client may be given a door twice, and nobody looks whether it was",
        scenario="asked twice",
        caught_by=("I6",),
        sql="alter table assigner.assignment drop constraint assignment_pkey cascade;"  # noqa: S608 - our own
        + function(
            "assigner.drawn(jsonb, text, boolean)",
            "where given.client_id in (select client_id from job))",
            "where false)",
        ),
    ),
    Mutant(
        name="drawn by chance",
        says="The drawing does not follow from the seed of its job",
        scenario="calm few",
        caught_by=("I6",),
        sql="""
            create or replace function assigner.draw_key(seed bigint, home_key text, weight bigint)
            returns float8 language sql volatile
            return -ln(1 - random()) / weight
        """,
    ),
    Mutant(
        name="window of the day",
        says="The window of a job's sales is that of the day on which it is chosen for, not of the"
        " day on which it was accepted",
        scenario="calm few",
        caught_by=("I6",),
        swaps=(Swap("services.assigner.handlers.assigning:_request", _as_of_today),),
    ),
    Mutant(
        name="no fence of refreshes",
        says="Whoever has once claimed a refresh may close it for ever",
        scenario="scraper comes back",
        caught_by=("I7",),
        swaps=(
            *(
                text(
                    f"services.scraper.repository.refreshes:{name}",
                    (
                        "where id = $1 and fence = $2 and state = 'running'",
                        "where id = $1 and $2 > 0",
                    ),
                )
                for name in ("IS_OURS", "PROGRESS", "HOLD")
            ),
            *(
                text(
                    f"services.scraper.repository.refreshes:{name}",
                    ("where id = $1 and fence = $2", "where id = $1 and $2 > 0"),
                )
                for name in ("RENEW", "REQUEUE", "CLOSE")
            ),
        ),
    ),
)
