"""What a job says of the runs that it has had."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.gateway.domain.attempts import Attempt, RunMovement, attempts
from services.gateway.domain.movements import Detail

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def moved(run: int, hours: float, step: Any, state: Any, **detail: Any) -> RunMovement:
    return RunMovement(run=run, step=step, state=state, detail=Detail(**detail), at=at(hours))


def began(run: int, hours: float, ladder: int | None = None) -> RunMovement:
    return moved(run, hours, "scrape", "running", ladder=ladder)


def test_each_run_says_when_it_was_and_why_it_failed() -> None:
    shown = attempts(
        [
            began(1, 0),
            moved(1, 0.5, "scrape", "failed", reason="no source answers"),
            began(2, 1.5),
            moved(2, 1.5, "scrape", "done"),
            moved(2, 1.5, "assign", "running"),
            moved(2, 2, "assign", "failed", reason="a deadlock"),
            began(3, 4),
        ]
    )

    first, second, third = shown
    assert first == Attempt(
        run=1, ladder=1, attempt=1, began_at=at(0), ended_at=at(0.5), status="failed",
        step="scrape", reason="no source answers",
    )  # fmt: skip
    assert (second.attempt, second.step, second.reason) == (2, "assign", "a deadlock")
    assert (third.status, third.ended_at, third.reason) == ("processing", None, None)


def test_a_ladder_that_a_person_began_counts_anew() -> None:
    shown = attempts([began(1, 0), began(2, 1), began(3, 2, ladder=2), began(4, 3)])

    assert [(a.run, a.ladder, a.attempt) for a in shown] == [
        (1, 1, 1),
        (2, 1, 2),
        (3, 2, 1),
        (4, 2, 2),
    ]


def test_a_mail_settled_anew_changes_neither_the_end_nor_its_hour() -> None:
    (shown,) = attempts(
        [
            began(1, 0),
            moved(1, 1, "mail", "unknown", version=1),
            moved(1, 9, "mail", "failed", version=2, reason="550 no"),
        ]
    )

    assert (shown.status, shown.ended_at, shown.step) == ("completed", at(1), "mail")


def test_a_cancelled_run_says_by_whom() -> None:
    (shown,) = attempts(
        [
            began(1, 0),
            moved(1, 1, "scrape", "failed", reason="no source answers"),
            moved(1, 2, "job", "cancelled", reason="Cancelled by abcdefgh"),
        ]
    )

    assert (shown.status, shown.reason) == ("failed", "Cancelled by abcdefgh")
