"""What every answer carries and every request leaves: ids, guarding headers, one log line."""

import re
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
import structlog
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from libs.common.ids import uuid7
from libs.telemetry import traces
from services.gateway import metrics
from services.gateway.routes.options import with_options

log = structlog.get_logger()

SANE_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:=+/-]{1,128}")
GUARDS: Final = (
    (b"x-robots-tag", b"noindex"),  # a condition of the data's licence
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""On every answer that does not say something else itself."""
STREAM: Final = (b"content-type", b"text/event-stream; charset=utf-8")
"""Such an answer goes on for an hour: how long it took to begin is what we measure."""
IDS: Final = {b"x-request-id": "x-request-id", b"traceparent": "traceparent"}
"""What a caller may send of its own trace."""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """The request's place in what its caller does."""

    request_id: str
    trace_id: str
    traceparent: str


def trace_of(headers: Mapping[str, str], span: traces.Span | None = None) -> Trace:
    """The caller's trace, continued by a span of ours, or a new one."""
    request_id = headers.get("x-request-id", "")
    if not SANE_REQUEST_ID.fullmatch(request_id):
        request_id = str(uuid7())
    if span:
        trace_id = traces.trace_id(span.traceparent)
        return Trace(request_id=request_id, trace_id=trace_id, traceparent=span.traceparent)
    given = traces.TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    trace_id, flags = given.group("trace_id", "flags") if given else (uuid7().hex, "00")
    return Trace(
        request_id=request_id,
        trace_id=trace_id,
        traceparent=f"00-{trace_id}-{secrets.token_hex(8)}-{flags}",
    )


def traced(app: ASGIApp) -> ASGIApp:
    """The same application, with ids and guarding headers on all it says, logged once."""
    app = with_options(app)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if scope["method"] == "HEAD":  # as GET; the server leaves the body out
            state = {**scope.get("state", {}), "is_head": True}
            scope = cast(Scope, {**scope, "method": "GET", "state": state})
        sent = _sent(scope)
        span = traces.begin("server", scope["method"], sent.get("traceparent", ""))
        trace = trace_of(sent, span)
        status, until_streamed = 500, None

        async def send_on(message: Message) -> None:
            nonlocal status, until_streamed
            if message["type"] == "http.response.start":
                status = message["status"]
                if STREAM in message["headers"]:
                    until_streamed = time.perf_counter() - began
                _complete(message, trace)
            await send(message)

        state = scope.setdefault("state", {})
        state["trace_id"], state["request_id"] = trace.trace_id, trace.request_id
        began = time.perf_counter()
        bound = structlog.contextvars.bind_contextvars(
            request_id=trace.request_id, trace_id=trace.trace_id, traceparent=trace.traceparent
        )
        try:
            await app(scope, receive, send_on)
        finally:
            took = time.perf_counter() - began
            _record(scope, status, took, span, answered=until_streamed or took)
            structlog.contextvars.reset_contextvars(**bound)

    return answer


def _sent(scope: Scope) -> dict[str, str]:
    return {IDS[name]: value.decode("latin-1") for name, value in scope["headers"] if name in IDS}


def _complete(message: HTTPResponseStartEvent, trace: Trace) -> None:
    said = {name for name, _ in message["headers"]}
    message["headers"] = [
        *message["headers"],
        *(guard for guard in GUARDS if guard[0] not in said),
        (b"x-request-id", trace.request_id.encode("ascii")),
        (b"traceparent", trace.traceparent.encode("ascii")),
    ]


def _record(
    scope: Mapping[str, Any],
    status: int,
    seconds: float,
    span: traces.Span | None,
    *,
    answered: float,
) -> None:
    """One line; the path's pattern, since a path or query value may hold anything."""
    method, route = scope["method"], scope.get("path_template") or "unmatched"
    metrics.count_request(method, route, status, answered)
    log.info(
        "request",
        method=method,
        route=route,
        status=status,
        milliseconds=round(seconds * 1000, 1),
    )
    if span:
        about = {"http.request.method": method, "http.route": route}
        failed = str(status) if status >= 500 else ""  # noqa: PLR2004 - ours, not the caller's
        span.end(
            name=f"{method} {route}",
            failed=failed,
            attributes={**about, "http.response.status_code": status},
        )
