"""What the log says of a request's effect, once it is one: after the commit."""

from typing import Any

import structlog
from litestar import Request

log = structlog.get_logger()


def note(request: Request[Any, Any, Any], fact: str, **about: Any) -> None:
    """Keep a line for the log until the work of this request is committed."""
    request.scope["state"].setdefault("noted", []).append((fact, about))


def say_noted(request: Request[Any, Any, Any]) -> None:
    """Write the lines that were kept."""
    for fact, about in request.scope["state"].pop("noted", ()):
        log.info(fact, **about)
