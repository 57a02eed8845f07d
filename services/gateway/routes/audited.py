"""Writes of operators leave a row that says who asked."""

from typing import Any

from litestar import Request

from libs.common.postgres import Connection
from services.gateway.repository import audit
from services.gateway.routes.keys import principal


async def record(
    connection: Connection,
    request: Request[Any, Any, Any],
    action: str,
    target: object,
    **detail: Any,
) -> None:
    """Remember what the caller of this request does to `target` (an id): ids only, no names."""
    await audit.record(
        connection,
        actor=principal(request).prefix,
        action=action,
        target=str(target),
        request_id=request.scope["state"].get("request_id", ""),
        detail=detail,
    )
