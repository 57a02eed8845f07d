"""Links as mails carry them, and somebody who follows one."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from libs import links
from tests.gateway.routes.conftest import Api, Make

SECRET = "signs-links"


def token(purpose: Any, client_id: str | UUID, *, days_ago: float = 0) -> str:
    issued_at = datetime.now(UTC) - timedelta(days=days_ago)
    return links.sign(SECRET, purpose, UUID(str(client_id)), issued_at)


def unsubscribing(client_id: str | UUID, **given: Any) -> str:
    return f"/u/{token('unsubscribe', client_id, **given)}"


def page_of(client_id: str | UUID, **given: Any) -> str:
    return f"/c/{token('page', client_id, **given)}"


async def somebody(make_api: Make) -> Api:
    """Without a key."""
    api = await make_api()
    api.headers.pop("X-API-Key")
    api.headers.pop("X-Admin-Key")
    return api
