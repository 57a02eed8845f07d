"""What is refused or fails in the console is a page that says what to do."""

from typing import Any, cast

import asyncpg
import pytest
from litestar import Litestar, get

from services.gateway.routes.console.router import behind_sign_in
from services.gateway.routes.console.visit import Visited
from services.gateway.routes.entrance import entrance
from services.gateway.routes.problems import Refusal
from tests.gateway.console.conftest import Console, Visitor

PAGE = "/console/failing"
FAILURES: dict[str, Exception] = {
    "bug": ValueError("a secret of ours"),
    "away": ConnectionRefusedError(),
    "contention": asyncpg.DeadlockDetectedError("two"),
    "conflict": Refusal(409, "It is open"),
    "teapot": Refusal(418, "Short and stout"),
}


@get("/{name:str}")
async def failing(visit: Visited) -> None:
    raise FAILURES[visit.request.path_params["name"]]


@pytest.fixture
async def failed(visitor: Visitor) -> Console:
    console = await visitor(kept=False)
    app = cast(Any, console.http)._transport.app
    given = cast(Any, cast(Litestar, app).dependencies["ports"])
    ports = given.dependency()
    app.register(behind_sign_in(PAGE, [failing], ports, entrance(ports, cast(Any, None))))
    await console.sign_in()
    return console


@pytest.mark.parametrize(
    "name, status, says",
    [
        ("bug", 500, "An error on our side"),
        ("away", 503, "One moment"),
        ("contention", 503, "One moment"),
        ("conflict", 409, "Its present state does not allow it"),
        ("teapot", 418, "This request could not be handled"),
    ],
)
async def test_every_failure_is_a_page(failed: Console, name: str, status: int, says: str):
    answer = await failed.get(f"{PAGE}/{name}")

    assert answer.status_code == status
    assert "text/html" in answer.headers["content-type"]
    assert f"<h1>{says}</h1>" in answer.text
    assert "a secret of ours" not in answer.text
    assert 'href="/console"' in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)


@pytest.mark.parametrize(
    "path", ["audit?actor=%00", "audit?target=%00", "mails?domain=%00", "jobs?city=%00"]
)
async def test_a_sign_that_cannot_be_kept_is_no_bug(console: Console, path: str):
    answer = await console.get(f"/console/{path}")

    assert answer.status_code == 422
    assert "<h1>A value does not fit" in answer.text


async def test_a_bug_leads_to_the_log(failed: Console):
    answer = await failed.get(f"{PAGE}/bug")

    assert answer.headers["traceparent"].split("-")[1] in answer.text


@pytest.mark.parametrize(
    "method, path, status, says",
    [
        ("GET", "/console/nowhere/at/all", 404, "There is no such page"),
        ("PUT", "/console/sign-out", 405, "This address is not asked for like this"),
        ("GET", "/console/jobs?page=x", 422, "A value does not fit"),
    ],
)
async def test_what_litestar_refuses_is_a_page_too(
    console: Console, method: str, path: str, status: int, says: str
):
    answer = await console.http.request(method, path)

    assert (answer.status_code, says in answer.text) == (status, True)


async def test_elsewhere_problems_stay_documents(console: Console):
    answer = await console.get("/nowhere")

    assert answer.headers["content-type"] == "application/problem+json"


async def test_it_is_told_in_french_too(console: Console):
    answer = await console.get("/console/nowhere", headers={"Accept-Language": "fr"})

    assert "<h1>Cette page n’existe pas</h1>" in answer.text
