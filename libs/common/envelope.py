"""CloudEvents 1.0 in Kafka's binary mode: an event's fields as the value, the rest as headers."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

import msgspec

from libs.common.errors import PermanentError
from libs.common.events import EVENTS, Event
from libs.telemetry import traces

E = TypeVar("E", bound=Event)

MAX_BYTES: Final = 16 * 1024 * 1024
"""`max.message.bytes` of our topics."""
MAX_READ_BYTES: Final = 1024 * 1024
"""Of a value that we decode; the largest honest event (1,000 addresses) has 40 kB."""

HEXADECIMAL: Final = re.compile(r"[0-9a-f-]{32,36}")

Headers = Sequence[tuple[str, bytes]]


class Received(msgspec.Struct, Generic[E], frozen=True):
    """An event as it arrived; `id` is its `ce_id`, the same over replays."""

    id: UUID
    event: E
    correlation_id: str = ""
    traceparent: str = ""

    @property
    def ids(self) -> dict[str, str]:
        """What every log line about it says."""
        job_id = getattr(self.event, "job_id", None)
        ids = {"event_id": str(self.id), "trace_id": traces.trace_id(self.traceparent)}
        return {**ids, "job_id": str(job_id)} if job_id else ids


class UnreadableError(PermanentError):
    """A message that is none of our events; the text says why."""


def claimed_ids(headers: Headers) -> dict[str, str]:
    """What a message says of its own event and trace, for the log lines about one that is none."""
    text = {name: (raw or b"").decode("ascii", "replace") for name, raw in headers}
    said = {"event_id": text.get("ce_id", ""), "trace_id": text.get("traceparent", "")[3:35]}
    return {name: value for name, value in said.items() if HEXADECIMAL.fullmatch(value)}


def read(headers: Iterable[tuple[str, bytes | None]], value: bytes | None) -> Received[Any]:
    """The event in a message, or `UnreadableError`; never another error."""
    try:
        text = {name: (raw or b"").decode("utf-8") for name, raw in headers}
    except UnicodeDecodeError as error:
        raise UnreadableError(f"a header is not UTF-8: {error.reason} at {error.start}") from error
    if value is None:
        raise UnreadableError("tombstone: the message has no value")
    if len(value) > MAX_READ_BYTES:
        raise UnreadableError(f"too large: {len(value)} bytes, at most {MAX_READ_BYTES} are read")
    if b"\\u0000" in value or "\x00" in "".join(text.values()):  # no table of ours could hold it
        raise UnreadableError("a NUL in a text: PostgreSQL has none")
    if (event_type := text.get("ce_type", "")) not in EVENTS:
        raise UnreadableError(f"unknown type: {event_type[:200]!r}")
    try:
        return Received(
            id=UUID(text.get("ce_id", "")),
            event=msgspec.json.decode(value, type=EVENTS[event_type]),
            correlation_id=text.get("correlation_id", "")[:200],
            traceparent=text.get("traceparent", "")[:200],
        )
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise UnreadableError(f"{event_type}: {error}"[:500]) from error
