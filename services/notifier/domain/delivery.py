"""What a server's answer means, and when to try again."""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

DELAYS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 300, 900, 3600, 14_400, 43_200)
)
"""Before the second, third, … try; the last one repeats. `give_up_at` ends them after 24 h."""

REFUSAL_FLOOR: Final = timedelta(minutes=1)
GREYLIST_FLOOR: Final = timedelta(minutes=5)
CONFIGURATION_PAUSE: Final = timedelta(minutes=1)
LONGEST_REQUESTED_WAIT: Final = timedelta(hours=4)

GREYLIST_CODES: Final = frozenset({450, 451})
CONFIGURATION_CODES: Final = frozenset({530, 534, 535})
SESSION_VERBS: Final = frozenset({"CONNECT", "EHLO", "STARTTLS", "AUTH"})
"""What fails here fails for every mail alike: it is never the fault of one."""

_WAIT_WORDS: Final = re.compile(
    r"\b(\d{1,5}) ?(s|secs?|seconds?|m|mins?|minutes?)\b", re.IGNORECASE
)

_ADDRESS: Final = re.compile(r"[^\s<>\"()\[\],;:]+@[^\s<>\"()\[\],;:]+")


class Reply(NamedTuple):
    """What the server said at a verb, or what happened instead (then without a code)."""

    verb: str
    code: int | None
    text: str
    duration_ms: int = 0

    @property
    def words(self) -> str:
        """One line for people."""
        return " ".join(f"{self.verb}: {self.code or ''} {self.text}".split())


class Verdict(StrEnum):
    """What follows from a try."""

    SENT = "sent"
    RETRY = "retry"
    CONFIGURATION = "configuration"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"


class Decision(NamedTuple):
    """What becomes of a mail after a try, and the words that explain it."""

    verdict: Verdict
    reply: Reply
    wait: timedelta = timedelta()


def decide(reply: Reply, tries: int) -> Decision:
    """What becomes of a mail that has been tried so often before this reply."""
    meaning = verdict(reply)
    waits = meaning in {Verdict.RETRY, Verdict.CONFIGURATION}
    return Decision(meaning, reply, delay(reply, tries) if waits else timedelta())


def verdict(reply: Reply) -> Verdict:
    """The meaning of a reply code, or of a lost connection.

    A code is an answer, even to DATA. Without one nothing was handed over before DATA, and
    nobody knows from DATA on. A code that is neither success nor refusal is no answer.
    """
    match (reply.code or 0) // 100:
        case 5 if reply.code in CONFIGURATION_CODES or reply.verb in SESSION_VERBS:
            return Verdict.CONFIGURATION
        case 5:
            return Verdict.FAILED
        case 4:
            return Verdict.RETRY
        case 2 if reply.verb == "DATA":
            return Verdict.SENT
        case _:
            return Verdict.UNKNOWN if reply.verb == "DATA" else Verdict.RETRY


def delay(reply: Reply, tries: int) -> timedelta:
    """How long to wait after so many earlier tries, honouring what the server asks for."""
    if verdict(reply) is Verdict.CONFIGURATION:
        return CONFIGURATION_PAUSE
    usual = DELAYS[min(tries, len(DELAYS) - 1)]
    if reply.code is None:
        return usual
    floor = GREYLIST_FLOOR if reply.code in GREYLIST_CODES else REFUSAL_FLOOR
    return max(usual, floor, _requested_wait(reply.text))


def _requested_wait(text: str) -> timedelta:
    found = _WAIT_WORDS.search(text)
    if not found:
        return timedelta()
    unit = 60 if found[2].lower().startswith("m") else 1
    return min(timedelta(seconds=int(found[1]) * unit), LONGEST_REQUESTED_WAIT)


def without_addresses(words: str) -> str:
    """A server's words as others may hear them: many name the recipient."""
    return _ADDRESS.sub("…", words)
