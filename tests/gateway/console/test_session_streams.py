"""A page that follows what moves hears no more of it than its operator may."""

import asyncio
from datetime import timedelta

import pytest

from services.gateway.routes.console import session
from tests.gateway.console.conftest import Console, Visitor
from tests.gateway.console.test_session import handed_out, is_in, rows
from tests.gateway.routes.conftest import ADMIN_KEY

STREAM = "/console/events"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LOOK_SECONDS", 0.05)


def follow(console: Console) -> "asyncio.Task[int]":
    """The stream, which this transport hands over when it has ended."""

    async def whole() -> int:
        answer = await console.get(STREAM, headers={"Accept": "text/event-stream"})
        return answer.status_code

    return asyncio.create_task(whole())


async def goes_on(stream: "asyncio.Task[int]") -> bool:
    done, _ = await asyncio.wait([stream], timeout=0.5)
    return not done


async def test_a_stream_ends_with_the_key_that_opened_it(visitor: Visitor):
    console = await visitor()
    key, key_id = await handed_out(console, "admin")
    await console.sign_in(key)
    stream = follow(console)
    assert await goes_on(stream)

    await console.http.delete(f"/admin/api-keys/{key_id}", headers={"X-Admin-Key": ADMIN_KEY})

    assert await asyncio.wait_for(stream, 20) == 200


async def test_a_stream_ends_when_its_operator_signs_out(console: Console):
    stream = follow(console)
    assert await goes_on(stream)

    await console.post("/console/sign-out")

    assert await asyncio.wait_for(stream, 20) == 200


async def test_following_alone_is_no_use(console: Console):
    used = "select used_at from console_session"
    before = await rows(console, used)
    await console.database.advance(timedelta(minutes=90))

    stream = follow(console)
    assert await goes_on(stream)

    assert await rows(console, used) == before
    await console.database.advance(timedelta(minutes=31))
    assert await asyncio.wait_for(stream, 20) == 200
    assert not await is_in(console)


async def test_looking_at_a_page_is_use(console: Console):
    await console.database.advance(timedelta(minutes=90))
    assert await is_in(console)
    await console.database.advance(timedelta(minutes=90))

    assert await is_in(console)
