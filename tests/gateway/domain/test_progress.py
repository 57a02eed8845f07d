"""What a client reads of a job under way."""

from datetime import UTC, datetime, timedelta

from services.gateway.domain.movements import Detail, Movement, State, Step
from services.gateway.domain.progress import StepProgress, progress

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def happened(second: float, step: Step, state: State, **detail: object) -> Movement:
    at = NOON + timedelta(seconds=second)
    return Movement(step=step, state=state, detail=Detail(**detail), at=at)  # pyright: ignore[reportArgumentType]


def steps(*movements: Movement) -> dict[Step, StepProgress]:
    return progress(movements, attempt=1, next_attempt_at=None).steps


def test_a_job_just_accepted_scrapes() -> None:
    shown = progress([happened(0, "scrape", "running")], attempt=1, next_attempt_at=None)
    assert shown.step == "scrape"
    assert shown.steps["scrape"] == StepProgress(state="running", done=0, total=0)
    assert shown.steps["mail"] == StepProgress()


def test_each_step_shows_its_count_and_seconds() -> None:
    shown = progress(
        [
            happened(0, "scrape", "running"),
            happened(1, "scrape", "running", done=3, total=3),
            happened(1.2, "scrape", "done", note="2017 is not covered"),
            happened(1.2, "assign", "running"),
            happened(1.5, "assign", "done", requested=10, found=7),
            happened(1.5, "mail", "running"),
            happened(4, "mail", "sent", version=1),
        ],
        attempt=2,
        next_attempt_at=None,
    )
    assert shown.step == "mail"
    assert shown.attempt == 2
    assert shown.steps == {
        "scrape": StepProgress(
            state="done", done=3, total=3, seconds=1.2, note="2017 is not covered"
        ),
        "assign": StepProgress(state="done", done=7, total=10, seconds=0.3),
        "mail": StepProgress(state="sent", seconds=2.5),
    }


def test_too_few_is_noted_whichever_event_came_last() -> None:
    full = happened(2, "assign", "done", requested=10, found=3)
    noted = happened(2, "assign", "done", requested=10, found=3, note="3 of 10")
    assert steps(full, noted)["assign"].note == "3 of 10"
    assert steps(noted, full)["assign"].note == "3 of 10"


def test_a_waiting_mail_says_when_it_is_tried_again() -> None:
    later = NOON + timedelta(hours=1)
    shown = steps(
        happened(0, "mail", "running"),
        happened(2, "mail", "waiting", next_try_at=later, note="450 busy"),
        happened(1, "mail", "waiting", next_try_at=NOON),
    )
    assert shown["mail"] == StepProgress(state="waiting", note="450 busy", next_try_at=later)


def test_the_greatest_version_is_the_state_of_the_mail() -> None:
    unsure = happened(1, "mail", "unknown", version=1)
    settled = happened(9, "mail", "failed", version=2, reason="550 no")
    assert steps(settled, unsure)["mail"].state == "failed"


def test_a_broken_mail_step_reads_as_failed() -> None:
    assert steps(happened(1, "mail", "broken", reason="a bug"))["mail"].state == "failed"


def test_a_failed_step_says_why_and_how_far_it_came() -> None:
    shown = steps(
        happened(0, "scrape", "running", done=1, total=3),
        happened(1, "scrape", "failed", reason="no source answers"),
    )
    assert shown["scrape"] == StepProgress(
        state="failed", done=1, total=3, seconds=1.0, note="no source answers"
    )
