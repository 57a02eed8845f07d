"""Signs and drawings of the pages: tones of states, short ids, lines of numbers."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

SHORT_SIGNS: Final = 8
GOOD: Final = ("ok", "completed", "sent", "active", "done", "replayed", "settled", "ready", "emitted",
               "found", "covered")  # fmt: skip
BAD: Final = (
    "failed",
    "down",
    "broken",
    "dead",
    "missed",
    "bounced",
    "error",
    "refused",
    "revoked",
)
WARN: Final = ("unknown", "degraded", "late", "held", "waiting", "pending", "insufficient",
               "suppressed", "paused", "inactive", "behind")  # fmt: skip
BUSY: Final = ("processing", "running", "sending", "claimed", "working", "queued", "open")
TONES: Final[Mapping[str, frozenset[str]]] = {
    "good": frozenset(GOOD),
    "bad": frozenset(BAD),
    "warn": frozenset(WARN),
    "busy": frozenset(BUSY),
}
"""What a state's name stands for; any other is plain."""
SYNTAX: Final = re.compile(r"[\\^$.*+?()\[\]{}|/]")
"""Of a regular expression in a browser."""
WIDTH: Final = 100.0
HEIGHT: Final = 24.0
MARGIN: Final = 2.0
LEAST: Final = 1e-9
"""Of nothing but zeros the line lies on the ground."""


def tone(name: str) -> str:
    """The tone of a state: `good`, `bad`, `warn`, `busy` or `plain`; a tone's own name is itself."""
    if name in TONES:
        return name
    return next((tone for tone, names in TONES.items() if name in names), "plain")


def short(identifier: UUID | str) -> str:
    """The last signs of an id: those of UUIDs made in the same minute differ there."""
    return str(identifier)[-SHORT_SIGNS:]


def pattern(typed: str) -> str:
    """What an input's `pattern` wants so that only this is typed; other signs may not be escaped there."""
    return SYNTAX.sub(r"\\\g<0>", typed)


def spark(points: Sequence[float | None]) -> str:
    """The points of a polyline in a field of 100 by 24; what is not known is left out."""
    known = [(number, value) for number, value in enumerate(points) if value is not None]
    if not known:
        return ""
    most = max(*(value for _, value in known), LEAST)
    step = WIDTH / max(len(points) - 1, 1)
    reach = HEIGHT - 2 * MARGIN
    return " ".join(
        f"{number * step:.1f},{HEIGHT - MARGIN - value / most * reach:.1f}"
        for number, value in known
    )


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "tone": tone,
    "short": short,
    "spark": spark,
    "re_escape": pattern,
}
"""As templates call them."""
