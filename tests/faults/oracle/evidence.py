"""Evidence becomes a verdict: ids only, and never more than a person reads."""

from collections.abc import Iterable
from typing import Any, Final

from tests.faults.results import Verdict

MOST: Final = 10


def verdict(invariant: str, promise: str, found: Iterable[str]) -> Verdict:
    """That the promise holds, or what speaks against it."""
    against = list(found)
    says = promise if not against else f"Broken ({len(against)}): {promise}"
    return Verdict(invariant=invariant, holds=not against, says=says, found=tuple(against[:MOST]))


def told(rows: Iterable[Any]) -> list[str]:
    """Rows of what is wrong and the ids that it is wrong with."""
    return [" ".join(str(value) for value in row if value is not None) for row in rows]
