"""The transactions of the HTTP interface: of a POST that is answered with an effect, no others.

The loops of the same process share its way to the database, and none of this is about them.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final

from libs.common.events import Event
from tests.faults.failpoints import moments, wrapping
from tests.faults.failpoints.wrapping import Call, Fires

CREATE_APP: Final = "services.gateway.main:create_app"
ON_ITS_WAY_SECONDS: Final = 0.1
"""What is sent lies in the process until its loop turns; by then the caller has it."""


class _Request:
    """A POST under way."""

    emitted = False
    status = 0


_request: ContextVar[_Request | None] = ContextVar("request", default=None)


def before_commit(fire: Fires) -> None:
    """Fire when all is written and nothing committed."""
    _follow_requests(None)
    moments.on_written(fire)


def after_commit(fire: Fires) -> None:
    """Fire when the effect is committed and the caller has no answer."""
    _follow_requests(None)
    moments.on_commit(fire)


def after_response(fire: Fires) -> None:
    """Fire when the caller has its answer."""
    _follow_requests(fire)


def _follow_requests(fire: Fires | None) -> None:
    def make(create_app: Call) -> Call:
        def create_noting(*, writing: Call, **ports: Any) -> Any:
            app = create_app(writing=_noting_events(writing), **ports)
            app.asgi_handler = _noting_posts(app.asgi_handler, fire)
            return app

        return create_noting

    wrapping.replaced(CREATE_APP, make)


def _noting_events(writing: Call) -> Call:
    @asynccontextmanager
    async def begin() -> AsyncGenerator[Any]:
        async with writing() as (connection, emit):

            def emit_noting(event: Event, cause: Any) -> None:
                emit(event, cause)
                if request := _request.get():
                    request.emitted = True
                    moments.note()

            yield connection, emit_noting

    return begin


def _noting_posts(app: Call, fire: Fires | None) -> Call:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        request = _Request()
        _request.set(request)

        async def send_noting(message: Any) -> None:
            request.status = message.get("status", request.status)
            await send(message)

        await app(scope, receive, send_noting)
        if fire and request.emitted and request.status in range(200, 300):
            await asyncio.sleep(ON_ITS_WAY_SECONDS)
            await fire()

    return answer
