"""Traces: the W3C context is always carried along, spans are recorded where a collector is named.

Without a collector nothing of OpenTelemetry is imported and no span exists.
"""

import re
import secrets
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal, Protocol

import structlog

Kind = Literal["server", "consumer", "client", "producer"]

TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace_id>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}"
    r"-(?P<flags>[0-9a-f]{2})(?:(?<!^00.{53})-.*)?"
)
"""Of W3C Trace Context; only versions after 00 may say more behind the flags."""


class Span(Protocol):
    """Some work as a collector will see it."""

    @property
    def traceparent(self) -> str:
        """What joins other work to this one."""
        ...

    def end(
        self, *, name: str = "", failed: str = "", attributes: Mapping[str, Any] | None = None
    ) -> None:
        """Hand it over; a name or attributes that are known only now go along."""
        ...


class Recorder(Protocol):
    """Begins spans, and hands over what it still has when all is over."""

    def begin(self, kind: Kind, name: str, parent: str, attributes: Mapping[str, Any]) -> Span: ...
    def stop(self) -> None: ...


class _Process:
    recorder: Recorder | None = None


def start(service: str, endpoint: str) -> None:
    """Record spans from now on, if there is a collector to send them to."""
    if endpoint:
        from libs.telemetry.otlp import OtlpRecorder  # noqa: PLC0415 - 30 MB that few need

        _Process.recorder = OtlpRecorder(service, endpoint)


def stop() -> None:
    """Hand over what is left; a collector that is away is not waited for long."""
    recorder, _Process.recorder = _Process.recorder, None
    if recorder:
        recorder.stop()


def recorder() -> Recorder | None:
    """Who records spans in this process, if anybody does."""
    return _Process.recorder


def trace_id(traceparent: str) -> str:
    """The trace that is meant, or nothing."""
    return traceparent[3:35] if len(traceparent) >= 55 else ""  # noqa: PLR2004 - its least length


def bound() -> str:
    """What this task works for, as whoever began it has bound it with the context of its logs."""
    return structlog.contextvars.get_contextvars().get("traceparent", "")


def fresh() -> str:
    """The beginning of a trace that nobody else has begun."""
    both = secrets.token_hex(24)
    return f"00-{both[:32]}-{both[32:]}-{'01' if _Process.recorder else '00'}"


@contextmanager
def working_for(traceparent: str = "") -> Generator[None]:
    """What is said and sent meanwhile belongs to this trace, or to a new one."""
    with structlog.contextvars.bound_contextvars(traceparent=traceparent or fresh()):
        yield


def begin(kind: Kind, name: str, parent: str) -> Span | None:
    """A span of one's own to end, where spans are recorded."""
    recording = _Process.recorder
    return recording.begin(kind, name, parent, {}) if recording else None


@contextmanager
def around(
    kind: Kind, wanted: Sequence[tuple[str, str, Mapping[str, Any]]]
) -> Generator[Sequence[str]]:
    """Work of several traces at once: (name, parent, attributes) each; yields what joins them.

    Where nobody records, those are the parents themselves.
    """
    recording = _Process.recorder
    if recording is None:
        yield [parent for _, parent, _ in wanted]
        return
    spans = [recording.begin(kind, *each) for each in wanted]
    failed = ""
    try:
        yield [span.traceparent for span in spans]
    except BaseException as error:
        failed = type(error).__name__
        raise
    finally:
        for span in spans:
            span.end(failed=failed)
