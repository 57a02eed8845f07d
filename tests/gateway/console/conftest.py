"""An operator who has signed in, on a real database."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from libs.common import outbox
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository.connections import Connections
from services.gateway.repository.rate import Counter
from tests.gateway.routes.conftest import (
    ADMIN_KEY,
    admin,
    application,
    kept_application,
    lonely_app,
    registration,
    speak_to,
)
from tests.support.database import Database

__all__ = ["admin", "lonely_app", "registration"]

CSRF = re.compile(r'name="csrf" value="([0-9a-f]*)"')
ONCE = re.compile(r'name="once" value="([0-9a-f-]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Console:
    """A browser without a screen: cookies, forms, no redirect followed unless asked."""

    def __init__(self, http: httpx.AsyncClient, database: Database) -> None:
        self.http, self.database = http, database

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.http.get(path, **more)

    async def post(
        self, path: str, form: dict[str, Any] | None = None, *, page: str = "/console/settled-pages"
    ) -> httpx.Response:
        """Send a form as a page of ours writes it; a mark `once` of one's own stays."""
        marks = await self.marks(page)
        return await self.http.post(path, data=marks | (form or {}))

    async def follow(self, answer: httpx.Response) -> str:
        """The page that an action leads back to."""
        assert answer.status_code == 303, answer.text
        return (await self.http.get(answer.headers["location"])).text

    async def marks(self, page: str = "/console/settled-pages") -> dict[str, str]:
        """The hidden fields of a form of ours: any page has some, that of an error too."""
        text = (await self.http.get(page)).text
        return {"csrf": found(CSRF, text), "once": found(ONCE, text)}

    async def sign_in(self, key: str = ADMIN_KEY) -> httpx.Response:
        return await self.http.post("/console/sign-in", data={"key": key})


def found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match, text[:500]
    return match[1]


Visitor = Callable[..., Awaitable[Console]]


@pytest.fixture
def visitor(database: Database) -> Visitor:
    """Somebody who has not signed in; settings may be changed, routes added where it is not `kept`."""

    async def come(*, kept: bool = True, **changed: Any) -> Console:
        connect = partial(database.connect, "gateway")
        reading = Connections(connect, size=10).lend

        @asynccontextmanager
        async def writing() -> AsyncGenerator[tuple[Connection, Emit]]:
            async with reading() as connection, outbox.transaction(connection) as emit:
                yield connection, emit

        counter = Counter(Connections(connect, size=1).lend, timedelta(hours=1))
        is_usual = kept and not changed
        make = kept_application if is_usual else partial(application, **changed)
        http = speak_to(make(reading=reading, writing=writing, count=counter.count))
        for header in ("X-API-Key", "X-Admin-Key"):
            del http.headers[header]
        http.headers["Accept-Language"] = "en"
        return Console(http, database)

    return come


@pytest.fixture
async def console(visitor: Visitor) -> Console:
    """Somebody who has signed in; pages are in English."""
    signed_in = await visitor()
    answer = await signed_in.sign_in()
    assert answer.status_code == 303, answer.text
    return signed_in
