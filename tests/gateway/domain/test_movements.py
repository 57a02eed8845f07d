"""The meaning of a run's movements."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from services.gateway.domain.movements import (
    Detail,
    Movement,
    Outcome,
    Status,
    adds,
    hours_until_retry,
    outcome,
)
from services.gateway.domain.progress import Progress, progress
from services.gateway.domain.runs import Run, advance

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RANK: dict[Status, int] = {"processing": 0, "pending": 1, "failed": 2, "completed": 3}

begun = Movement(step="scrape", state="running")
ready = Movement(step="scrape", state="done")
choosing = Movement(step="assign", state="running")
chosen = Movement(step="assign", state="done", detail=Detail(requested=10, found=10))
mailing = Movement(step="mail", state="running")
nothing_found = Movement(step="assign", state="done", detail=Detail(requested=10, found=0))
sources_down = Movement(step="scrape", state="failed", detail=Detail(reason="no source answers"))
never = Movement(step="assign", state="failed", detail=Detail(reason="no kinds", permanent=True))
held = Movement(step="mail", state="broken", detail=Detail(reason="a bug"))
waits = Movement(step="mail", state="waiting", detail=Detail(next_try_at=NOON))
refused = Movement(step="mail", state="failed", detail=Detail(version=1, reason="550 no"))
sent = Movement(step="mail", state="sent", detail=Detail(version=2))
cancelled = Movement(step="job", state="cancelled", detail=Detail(reason="Cancelled by ab12"))
happy = (begun, ready, choosing, chosen, mailing)

small = st.integers(0, 3)
words = st.sampled_from(["", "a", "b"])
details = st.builds(Detail, done=small, total=small, note=words)
failures = st.builds(Detail, permanent=st.booleans(), reason=words)
anything = st.one_of(
    st.builds(Movement, step=st.sampled_from(["scrape", "assign", "mail"]), state=st.just("running"), detail=details),
    st.builds(Movement, step=st.just("scrape"), state=st.just("done"), detail=st.builds(Detail, note=words)),
    st.builds(Movement, step=st.just("assign"), state=st.just("done"), detail=st.builds(Detail, found=small, requested=small, note=words)),
    st.builds(Movement, step=st.sampled_from(["scrape", "assign"]), state=st.just("failed"), detail=failures),
    st.builds(Movement, step=st.just("mail"), state=st.just("broken"), detail=failures),
    st.builds(Movement, step=st.just("mail"), state=st.just("waiting"), detail=st.builds(Detail, note=words, next_try_at=st.sampled_from([None, NOON, NOON + timedelta(hours=1)]))),
    st.builds(Movement, step=st.just("mail"), state=st.sampled_from(["sent", "failed", "unknown", "suppressed"]), detail=st.builds(Detail, version=small, reason=words)),
    st.sampled_from([cancelled, Movement(step="job", state="erased")]),
)  # fmt: skip


class Life:
    """A run that hears one batch after another."""

    def __init__(self, attempt: int) -> None:
        self.run = Run(
            job_id=uuid4(), client_id=uuid4(), kind="add", run=attempt, ladder=1, attempt=attempt,
            alerted=False,
        )  # fmt: skip
        self.statuses: list[Status] = []
        self.alerts = 0

    def hear(self, *said: Movement) -> None:
        moved = advance(self.run, said, max_retries=3)
        if moved is None:
            return
        self.statuses.append(moved.outcome.status)
        self.alerts += moved.alert is not None
        heard = (*self.run.movements, *moved.news)
        self.run = Run(
            job_id=self.run.job_id, client_id=self.run.client_id, kind="add", run=self.run.run,
            ladder=1, attempt=self.run.attempt, alerted=self.alerts > 0, movements=heard,
        )  # fmt: skip

    def end(self) -> tuple[Outcome, Progress]:
        known = self.run.movements
        last = self.run.attempt > 3
        return outcome(known, last_attempt=last), progress(
            known, attempt=self.run.attempt, next_attempt_at=None
        )


@settings(deadline=None)
@given(st.data(), st.lists(anything, max_size=8), st.integers(1, 4))
def test_any_order_with_any_repeats_ends_in_the_same_job(
    data: st.DataObject, said: list[Movement], attempt: int
) -> None:
    """One by one in one order; shuffled, with repeats, in batches."""
    straight, shuffled = Life(attempt), Life(attempt)
    for movement in said:
        straight.hear(movement)
    repeats = data.draw(st.lists(st.sampled_from(said), max_size=5)) if said else []
    queue = data.draw(st.permutations([*said, *repeats]))
    while queue:
        size = data.draw(st.integers(1, len(queue)))
        shuffled.hear(*queue[:size])
        queue = queue[size:]
    assert shuffled.end() == straight.end()


@settings(deadline=None)
@given(st.lists(anything, max_size=10), st.integers(1, 4))
def test_status_never_goes_back_and_alarms_once(said: list[Movement], attempt: int) -> None:
    life = Life(attempt)
    for movement in said:
        life.hear(movement)
    ranks = [RANK[status] for status in life.statuses]
    assert ranks == sorted(ranks)
    assert life.alerts <= 1


@pytest.mark.parametrize(
    "said, expected",
    [
        (happy, "processing"),
        ((*happy, waits), "processing"),
        ((*happy, sent), "completed"),
        ((sent,), "completed"),
        ((*happy, refused), "failed"),
        ((*happy, refused, sent), "completed"),
        ((begun, sources_down), "pending"),
        ((begun, sources_down, ready, choosing), "pending"),
        ((begun, never), "failed"),
        ((*happy, held), "pending"),
        ((begun, nothing_found), "completed"),
        ((begun, sources_down, cancelled), "failed"),
        ((begun, cancelled, sent), "completed"),
    ],
)
def test_first_line_that_holds_is_the_status(said: Sequence[Movement], expected: Status) -> None:
    assert outcome(said, last_attempt=False).status == expected


def test_failure_of_the_last_attempt_is_for_good() -> None:
    now = outcome([begun, sources_down], last_attempt=True)
    assert (now.status, now.error) == ("failed", "no source answers")


def test_cancelled_jobs_alarm_nobody() -> None:
    now = outcome([begun, sources_down, cancelled], last_attempt=True)
    assert (now.error, now.failure) == ("Cancelled by ab12", None)


def test_permanent_failure_is_the_one_to_speak_of() -> None:
    now = outcome([begun, held, never], last_attempt=False)
    assert now.failure is not None
    assert (now.failure.step, now.error) == ("assign", "no kinds")


def test_what_is_known_is_no_news() -> None:
    further = Movement(step="scrape", state="running", detail=Detail(done=2, total=3))
    back = Movement(step="scrape", state="running", detail=Detail(done=1, total=3))
    assert adds([begun], further)
    assert not adds([begun, further], back)
    assert not adds([begun, further], further)
    assert not adds([sent], sent)


def test_retries_wait_one_two_and_four_hours() -> None:
    assert [hours_until_retry(attempt) for attempt in (1, 2, 3)] == [1, 2, 4]
