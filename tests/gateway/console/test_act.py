"""Acting from a page: the interface's own rules, once, and a sentence about it."""

from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from litestar import Litestar, Response, get, post
from litestar.response import Redirect

from services.gateway.routes import admin_jobs, api_keys, trials
from services.gateway.routes.console.act import act
from services.gateway.routes.console.router import behind_sign_in
from services.gateway.routes.console.visit import Told, Visited, shown, told
from services.gateway.routes.entrance import entrance
from services.gateway.routes.values import PathId
from tests.gateway.conftest import NewJob, conn, new_client, new_job
from tests.gateway.console.conftest import ADMIN_KEY, Console, Visitor

__all__ = ["conn", "new_client", "new_job"]

PAGE = "/console/trials"


@get("/")
async def page(visit: Visited) -> Response[bytes]:
    return await shown(visit, "console/error.html", "errors", about="404", detail="", trace="")


@post("/{job_id:str}/cancel")
async def cancel(visit: Visited, job_id: PathId) -> Redirect:
    return await act(visit, admin_jobs.cancel_job, back=PAGE, said="cancelled", job_id=job_id)


@post("/keys")
async def make_key(visit: Visited) -> Redirect:
    data = {"name": "Ada", "scopes": ["client"]}
    return await act(visit, api_keys.create_api_key, back=PAGE, said="made", data=data)


@post("/misspelt")
async def misspelt(visit: Visited) -> Redirect:
    return await act(visit, trials.try_client, back=PAGE, said="tried", data={"client": "Ada"})


@pytest.fixture
async def acting(visitor: Visitor) -> Console:
    """A console with pages that do what a test wants."""
    console = await visitor(kept=False)
    app = cast(Any, console.http)._transport.app
    given = cast(Any, cast(Litestar, app).dependencies["ports"])
    ports = given.dependency()
    doors = entrance(ports, cast(Any, None))
    app.register(behind_sign_in(PAGE, [page, cancel, make_key, misspelt], ports, doors))
    assert (await console.sign_in(ADMIN_KEY)).status_code == 303
    return console


async def audit(console: Console) -> list[tuple[str, str]]:
    connection = await console.database.connect("gateway")
    rows = await connection.fetch("select actor, action from audit order by at, id")
    return [tuple(row) for row in rows]


async def waiting_job(console: Console, new_job: NewJob) -> UUID:
    job_id = await new_job()
    connection = await console.database.connect()
    await connection.execute(
        "update gateway.job set status = 'pending', error_message = 'away', next_attempt_at = public.clock() where id = $1",
        job_id,
    )
    return job_id


async def test_an_action_is_the_interfaces_and_names_who_acted(acting: Console, new_job: NewJob):
    job_id = await waiting_job(acting, new_job)

    back = await acting.follow(await acting.post(f"{PAGE}/{job_id}/cancel", page=PAGE))

    assert 'role="status"' in back
    assert "Done." in back
    assert await audit(acting) == [("env:admin", "console.sign_in"), ("env:admin", "job.cancel")]


async def test_a_sentence_is_said_once(acting: Console, new_job: NewJob):
    job_id = await waiting_job(acting, new_job)
    await acting.follow(await acting.post(f"{PAGE}/{job_id}/cancel", page=PAGE))

    assert 'class="flash' not in (await acting.get(PAGE)).text


async def test_a_double_click_acts_once(acting: Console, new_job: NewJob):
    job_id = await waiting_job(acting, new_job)
    form = await acting.marks(PAGE)

    for _ in range(2):
        back = await acting.follow(await acting.http.post(f"{PAGE}/{job_id}/cancel", data=form))
        assert "Done." in back

    assert (await audit(acting)).count(("env:admin", "job.cancel")) == 1


async def test_the_same_form_written_anew_is_another_click(acting: Console, new_job: NewJob):
    job_id = await waiting_job(acting, new_job)
    await acting.post(f"{PAGE}/{job_id}/cancel", page=PAGE)

    back = await acting.follow(await acting.post(f"{PAGE}/{job_id}/cancel", page=PAGE))

    assert 'role="alert"' in back
    assert "Its present state does not allow it" in back
    assert "only a pending one can do that" in back


async def test_a_refusal_is_a_sentence_on_the_page(acting: Console):
    back = await acting.follow(await acting.post(f"{PAGE}/{uuid4()}/cancel", page=PAGE))

    assert "It no longer exists" in back


async def test_a_body_is_read_by_the_operations_rules(acting: Console):
    assert "Done." in await acting.follow(await acting.post(f"{PAGE}/keys", page=PAGE))

    refused = await acting.follow(await acting.post(f"{PAGE}/misspelt", page=PAGE))

    assert "A value does not fit" in refused
    assert "client: is not a field of this request" in refused


def test_numbers_of_an_answer_stand_in_the_sentence():
    class Asked:
        locale = "fr"

    flash = {"words": ["not_there", "more_than"], "is_done": True, "numbers": {"n": 1234}}

    assert told(flash, cast(Any, Asked), "errors") == Told(text="plus de 1\u202f234", is_done=True)


async def test_a_page_that_needs_a_session_says_so_to_a_script(visitor: Visitor):
    console = await visitor(kept=False)

    for header in ({"HX-Request": "true"}, {"Accept": "text/html, text/event-stream"}):
        answer = await console.get("/console/nowhere", headers=header)
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/console/sign-in")
