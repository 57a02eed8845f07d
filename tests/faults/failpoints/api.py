"""The transactions of the HTTP interface: of a POST that is answered with an effect, no others.

The loops of the same process share its way to the database, and none of this is about them.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final

from libs.common.events import Event
from tests.faults.failpoints import wrapping
from tests.faults.failpoints.moments import Deeds
from tests.faults.failpoints.wrapping import Call, Fires

CREATE_APP: Final = "services.gateway.main:create_app"
ON_ITS_WAY_SECONDS: Final = 0.1
"""What is sent lies in the process until its loop turns; by then the caller has it."""


class _Request:
    """A POST under way."""

    emitted = False
    status = 0


def before_commit(fire: Fires) -> None:
    """Fire when all is written and nothing committed."""
    _Posts().deeds.on_written(fire)


def after_commit(fire: Fires) -> None:
    """Fire when the effect is committed and the caller has no answer."""
    _Posts().deeds.on_commit(fire)


def after_response(fire: Fires) -> None:
    """Fire when the caller has its answer."""
    _Posts(fire)


class _Posts:
    """Follows the POSTs of the application: that one emits an event is its deed."""

    def __init__(self, answered: Fires | None = None) -> None:
        self.deeds, self._answered = Deeds(), answered
        self._request: ContextVar[_Request | None] = ContextVar("request", default=None)
        wrapping.replaced(CREATE_APP, self._create_app)

    def _create_app(self, create_app: Call) -> Call:
        def create_noting(*, writing: Call, **ports: Any) -> Any:
            app = create_app(writing=self._noting_events(writing), **ports)
            app.asgi_handler = self._noting_answers(app.asgi_handler)
            return app

        return create_noting

    def _noting_events(self, writing: Call) -> Call:
        @asynccontextmanager
        async def begin() -> AsyncGenerator[Any]:
            async with writing() as (connection, emit):

                def emit_noting(event: Event, cause: Any) -> None:
                    emit(event, cause)
                    if request := self._request.get():
                        request.emitted = True
                        self.deeds.note()

                yield connection, emit_noting

        return begin

    def _noting_answers(self, app: Call) -> Call:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["method"] != "POST":
                await app(scope, receive, send)
                return
            request = _Request()
            self._request.set(request)

            async def send_noting(message: Any) -> None:
                request.status = message.get("status", request.status)
                await send(message)

            await app(scope, receive, send_noting)
            if self._answered and request.emitted and request.status in range(200, 300):
                await asyncio.sleep(ON_ITS_WAY_SECONDS)
                await self._answered()

        return answer
