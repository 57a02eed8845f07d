"""Logs: one JSON object a line, with the service's name; ids only, never a person or an address."""

import logging
import re
import sys
from typing import Any, Literal

import structlog


def configure(
    service: str, *, level: str = "INFO", style: Literal["json", "console"] = "json"
) -> None:
    """Send every log line of this process to standard error, those of libraries included."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_details,
    ]
    render: structlog.types.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("aiokafka", "faststream", "httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def _without_details(_: Any, __: str, event: Any) -> Any:
    """PostgreSQL's details quote rows, and rows hold persons."""
    if "exception" in event:
        event["exception"] = re.sub(r"(?m)^(DETAIL|CONTEXT):.*$", r"\1: …", event["exception"])
    return event
