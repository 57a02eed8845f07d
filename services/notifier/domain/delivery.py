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
RATE_FLOOR: Final = timedelta(minutes=5)
CONFIGURATION_PAUSE: Final = timedelta(minutes=1)
LONGEST_REQUESTED_WAIT: Final = timedelta(hours=4)

GREYLIST_CODES: Final = frozenset({450, 451})
RATE_CODE: Final = 452
CONFIGURATION_CODES: Final = frozenset({530, 534, 535})
SESSION_VERBS: Final = frozenset({"CONNECT", "EHLO", "STARTTLS", "AUTH"})
"""What fails here fails for every mail alike: it is never the fault of one."""

RECIPIENT_CODES: Final = frozenset({550, 551, 553, 556})
OUR_OWN_VERBS: Final = frozenset({"CLAIM", "COMPOSE", "PACE"})
"""What ends here never reached a server."""

SIZE_CODE: Final = 552
POLICY_CODE: Final = 554

_WAIT_WORDS: Final = re.compile(
    r"\b(\d{1,5}) ?(s|secs?|seconds?|m|mins?|minutes?)\b", re.IGNORECASE
)

_ENHANCED: Final = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?![.\d])")
"""RFC 3463, at the beginning of a server's words."""

_GREYLISTED: Final = re.compile("gr[ae]y", re.IGNORECASE)
_WORDS: Final = re.compile(r"([A-Z]+): (?:([2-5]\d\d) ?)?(.*)")


class Reply(NamedTuple):
    """What the server said at a verb, or what happened instead (then without a code)."""

    verb: str
    code: int | None
    text: str
    duration_ms: int = 0
    least_wait: timedelta = timedelta()
    """When nobody was asked because it is known that nothing will be taken before."""

    @property
    def words(self) -> str:
        """One line for people."""
        return " ".join(f"{self.verb}: {self.code or ''} {self.text}".split())


class Cause(StrEnum):
    """Why a server refused, as far as its codes tell."""

    GREYLIST = "greylist"
    RATE = "rate"
    LATER = "later"
    CONFIGURATION = "configuration"
    RECIPIENT = "recipient"
    SIZE = "size"
    POLICY = "policy"
    REFUSED = "refused"


MEANINGS: Final = {
    Cause.GREYLIST: "not yet: greylisted or busy",
    Cause.RATE: "fewer mails at a time are asked for",
    Cause.LATER: "not now",
    Cause.CONFIGURATION: "the server does not let us in",
    Cause.RECIPIENT: "the recipient is refused",
    Cause.SIZE: "the mail is too large",
    Cause.POLICY: "a rule of the server stands against it",
    Cause.REFUSED: "refused",
}
REFUSALS: Final = 400


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


def cause(reply: Reply) -> Cause | None:
    """Why the server refused; nothing when it did not, or said nothing."""
    match (reply.code or 0) // 100:
        case 4:
            return _cause_for_now(reply)
        case 5 if verdict(reply) is Verdict.CONFIGURATION:
            return Cause.CONFIGURATION
        case 5:
            return _cause_for_good(reply)
        case _:
            return None


def _cause_for_now(reply: Reply) -> Cause:
    """A mailbox that is full (4.2.x) is no reason to spare its domain, nor is a greylist.

    Before MAIL nobody knows to whom we want to write: it is about us.
    """
    if reply.verb in SESSION_VERBS:
        return Cause.LATER
    subject, _ = _enhanced(reply)
    if reply.code == RATE_CODE and subject != "2":
        return Cause.RATE
    if subject == "7" and not _GREYLISTED.search(reply.text):
        return Cause.RATE
    return Cause.GREYLIST if reply.code in GREYLIST_CODES else Cause.LATER


def _cause_for_good(reply: Reply) -> Cause:
    """The enhanced code knows better than the old one."""
    match _enhanced(reply):
        case "1", detail if detail not in {"7", "8"}:  # those two are about the sender
            return Cause.RECIPIENT
        case "2", "1":  # the mailbox is closed
            return Cause.RECIPIENT
        case "3", "4":
            return Cause.SIZE
        case "7", _:
            return Cause.POLICY
        case "", _:
            return _cause_by_code(reply)
        case _:
            return Cause.REFUSED


def _cause_by_code(reply: Reply) -> Cause:
    if reply.code in RECIPIENT_CODES:
        return Cause.RECIPIENT if reply.verb == "RCPT" else Cause.REFUSED
    return {SIZE_CODE: Cause.SIZE, POLICY_CODE: Cause.POLICY}.get(reply.code or 0, Cause.REFUSED)


def _enhanced(reply: Reply) -> tuple[str, str]:
    found = _ENHANCED.match(reply.text)
    return (found[2], found[3]) if found else ("", "")


def heard(words: str) -> Reply | None:
    """The reply that one line for people was made of."""
    found = _WORDS.fullmatch(words)
    return Reply(found[1], int(found[2]) if found[2] else None, found[3]) if found else None


def delay(reply: Reply, tries: int) -> timedelta:
    """How long to wait after so many earlier tries, honouring what the server asks for."""
    if reply.least_wait:
        return reply.least_wait
    if verdict(reply) is Verdict.CONFIGURATION:
        return CONFIGURATION_PAUSE
    usual = DELAYS[min(tries, len(DELAYS) - 1)]
    if reply.code is None:
        return usual
    floors = {Cause.GREYLIST: GREYLIST_FLOOR, Cause.RATE: RATE_FLOOR}
    floor = floors.get(cause(reply) or Cause.LATER, REFUSAL_FLOOR)
    return max(usual, floor, _requested_wait(reply.text))


def _requested_wait(text: str) -> timedelta:
    found = _WAIT_WORDS.search(text)
    if not found:
        return timedelta()
    unit = 60 if found[2].lower().startswith("m") else 1
    return min(timedelta(seconds=int(found[1]) * unit), LONGEST_REQUESTED_WAIT)


def for_others(words: str) -> str:
    """The line for people as others may hear it: a server's own words may name the recipient.

    Its codes stay, and what they mean. What we say ourselves stays whole.
    """
    reply = heard(words)
    if reply is None or reply.verb in OUR_OWN_VERBS:
        return words
    if reply.code is None:  # what went wrong; a line that is no reply follows a colon
        return reply._replace(text=reply.text.partition(":")[0]).words
    enhanced = _ENHANCED.match(reply.text)
    meaning = MEANINGS.get(cause(reply) or Cause.REFUSED, "") if reply.code >= REFUSALS else ""
    return reply._replace(text=f"{enhanced[0] if enhanced else ''} {meaning}").words
