"""Logs: one JSON object a line, with the service's name; ids only, never a person or an address."""

import json
import logging
import re
import sys
from typing import Any, Final, Literal

import msgspec
import structlog

from libs.telemetry import traces

Processor = structlog.types.Processor

ENCODER: Final = msgspec.json.Encoder(enc_hook=repr)


def configure(
    service: str, *, level: str = "INFO", style: Literal["json", "console"] = "json"
) -> None:
    """Send every log line of this process to standard error, those of libraries included."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_details,
    ]
    console = structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                console if style == "console" else _as_text,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("aiokafka", "faststream", "httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Our own lines take the short way: by the standard library's records each costs four times more.
    structlog.configure(
        processors=[*shared, console if style == "console" else _as_bytes],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr)
        if style == "console"
        else structlog.BytesLoggerFactory(sys.stderr.buffer),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def _with_trace(_: Any, __: str, event: Any) -> Any:
    """Of the context that is bound for what we send, a line shows the trace."""
    bound = event.pop("traceparent", "")
    if bound and "trace_id" not in event:
        event["trace_id"] = traces.trace_id(bound)
    return event


def _without_details(_: Any, __: str, event: Any) -> Any:
    """PostgreSQL's details quote rows, and rows hold persons."""
    if "exception" in event:
        event["exception"] = re.sub(r"(?m)^(DETAIL|CONTEXT):.*$", r"\1: …", event["exception"])
    return event


def _as_bytes(_: Any, __: str, event: Any) -> bytes:
    try:
        return ENCODER.encode(event)
    except (
        ValueError,
        TypeError,
        OverflowError,
    ):  # half a character, a huge number: said all the same
        return json.dumps(event, default=repr, skipkeys=True).encode()


def _as_text(logger: Any, name: str, event: Any) -> str:
    return _as_bytes(logger, name, event).decode()
