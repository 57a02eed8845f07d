"""What operators do with a client: each by the interface's own rules, and what was refused says why."""

from typing import Any
from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.console.conftest import Console
from tests.gateway.console.test_clients import client
from tests.gateway.routes.conftest import deliver

STATUS = "select status from gateway.client where id = $1"
JOBS = "select kind, count from gateway.job where client_id = $1 order by created_at"
DEEDS = "select action from gateway.audit where target = $1 order by id"


@pytest.fixture
async def zoe(admin: Connection) -> str:
    return await client(admin, "Zoé Martin", email="zoe@agence.example")


async def act(console: Console, client_id: str, what: str, **form: Any) -> str:
    return await console.follow(await console.post(f"/console/clients/{client_id}/{what}", form))


async def rows(admin: Connection, statement: str, client_id: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await admin.fetch(statement, client_id)]


async def test_a_delivery_begins_now(console: Console, zoe: str, admin: Connection):
    said = await act(console, zoe, "process")

    assert "The delivery is under way" in said
    assert "Delivery by hand" in said
    assert await rows(admin, JOBS, zoe) == [("process", 10)]


async def test_a_form_that_is_sent_twice_has_one_effect(
    console: Console, zoe: str, admin: Connection
):
    marks = await console.marks()
    for _ in range(2):
        await console.http.post(f"/console/clients/{zoe}/add", data=marks | {"count": "3"})

    assert await rows(admin, JOBS, zoe) == [("add", 3)]


async def test_more_addresses_are_asked_for(console: Console, zoe: str, admin: Connection):
    assert "The addition is under way" in await act(console, zoe, "add", count="7")
    assert "The addition is under way" in await act(console, zoe, "add", count="")

    assert await rows(admin, JOBS, zoe) == [("add", 7), ("add", 10)]


@pytest.mark.parametrize("count", ["0", "1001", "many", "-3", "\uff19", "9" * 500])
async def test_a_number_that_is_none_begins_nothing(
    console: Console, zoe: str, admin: Connection, count: str
):
    assert "from 1 to 1000" in await act(console, zoe, "add", count=count)
    assert await rows(admin, JOBS, zoe) == []


@pytest.mark.parametrize("what", ["process", "add"])
async def test_who_is_paused_is_not_served(console: Console, admin: Connection, what: str):
    paused = await client(admin, "Jean Dupont", status="inactive")

    assert "This client is not active: nothing has begun." in await act(console, paused, what)
    assert await rows(admin, JOBS, paused) == []


async def test_a_client_is_paused_and_resumed(console: Console, zoe: str, admin: Connection):
    assert "The client is paused." in await act(console, zoe, "pause")
    assert await admin.fetchval(STATUS, zoe) == "inactive"
    assert "The client is active." in await act(console, zoe, "resume")
    assert await admin.fetchval(STATUS, zoe) == "active"


async def test_links_are_revoked(console: Console, zoe: str, admin: Connection):
    said = await act(console, zoe, "revoke-links")

    assert "Links given until now open nothing any more." in said
    assert "Links void before" in said
    assert await admin.fetchval("select count(*) from gateway.page_token") == 1
    assert await rows(admin, DEEDS, zoe) == [("client.revoke_links",)]
    assert "client.revoke_links" in said


async def test_addresses_are_taken_back(console: Console, zoe: str, admin: Connection):
    await deliver(admin, zoe, "a", "b")
    said = await act(console, zoe, "reset", confirmation=" ZOE@agence.example ")

    assert "Addresses taken back: 2." in said
    assert await admin.fetchval("select count(*) from assigner.assignment") == 0


async def test_nothing_is_taken_back_while_a_job_is_open(
    console: Console, zoe: str, admin: Connection
):
    await deliver(admin, zoe, "a")
    await act(console, zoe, "process")
    said = await act(console, zoe, "reset", confirmation="zoe@agence.example")

    assert "A job of this client is open" in said
    assert await admin.fetchval("select count(*) from assigner.assignment") == 1


@pytest.mark.parametrize("what", ["reset", "erase"])
@pytest.mark.parametrize("typed", ["", "zoe", "zoe@agence.exampl", "yes", None])
async def test_without_the_right_word_nothing_happens(
    console: Console, zoe: str, admin: Connection, what: str, typed: str | None
):
    await deliver(admin, zoe, "a")
    form = {} if typed is None else {"confirmation": typed}

    assert "What was typed does not match" in await act(console, zoe, what, **form)
    assert await admin.fetchval(STATUS, zoe) == "active"
    assert await admin.fetchval("select count(*) from assigner.assignment") == 1
    assert await rows(admin, DEEDS, zoe) == []


@pytest.mark.parametrize("by", ["email", "id"])
async def test_a_client_is_erased(console: Console, zoe: str, admin: Connection, by: str):
    await deliver(admin, zoe, "a")
    typed = zoe if by == "id" else "zoe@agence.example"
    said = await act(console, zoe, "erase", confirmation=typed)

    assert "The client is erased." in said
    assert "This client was erased on" in said
    assert "Zoé" not in said
    assert "zoe@" not in said
    assert await admin.fetchval(STATUS, zoe) is None
    assert "client.erase" in said


async def test_a_trial_begins_and_leads_to_its_job(console: Console, zoe: str, admin: Connection):
    answer = await console.post(f"/console/clients/{zoe}/trial", {"count": "4"})

    job = await admin.fetchval("select id::text from gateway.job")
    assert answer.headers["location"] == f"/console/jobs/{job}"
    assert await rows(admin, JOBS, zoe) == [("test", 4)]
    assert await rows(admin, DEEDS, zoe) == [("client.test",)]


async def test_a_trial_of_somebody_paused_says_why_not(console: Console, admin: Connection):
    paused = await client(admin, "Jean Dupont", status="inactive")

    said = await act(console, paused, "trial", count="4")
    assert "Only active or test clients can be tried out: nothing has begun." in said
    assert await rows(admin, JOBS, paused) == []


async def test_a_test_mail_leads_to_how_it_goes_on(console: Console, zoe: str, admin: Connection):
    form = {"recipient": "me@ops.example", "template_type": "monthly"}
    first = await console.post(f"/console/clients/{zoe}/test-mail", form)

    mail = await admin.fetchval("select id::text from notifier.mail")
    assert first.headers["location"] == f"/console/mails/{mail}"


@pytest.mark.parametrize(
    "form",
    [
        {"recipient": "nobody", "template_type": "monthly"},
        {"recipient": "me@ops.example", "template_type": "poem"},
        {"recipient": "me@ops.example\r\nBcc: you@ops.example", "template_type": "monthly"},
        {},
    ],
)
async def test_a_test_mail_to_nowhere_is_not_sent(
    console: Console, zoe: str, admin: Connection, form: dict[str, str]
):
    assert "nothing was sent" in await act(console, zoe, "test-mail", **form)
    assert await admin.fetchval("select count(*) from notifier.mail") == 0


ACTIONS = (
    "process", "add", "pause", "resume", "revoke-links", "reset", "erase", "trial", "test-mail", "edit",
)  # fmt: skip


@pytest.mark.parametrize("what", ACTIONS)
async def test_a_form_of_nobodys_session_does_nothing(
    console: Console, zoe: str, admin: Connection, what: str
):
    form = {"csrf": "forged", "count": "3", "confirmation": "zoe@agence.example"}
    answer = await console.http.post(f"/console/clients/{zoe}/{what}", data=form)

    assert answer.status_code == 403
    assert await admin.fetchval(STATUS, zoe) == "active"
    assert await rows(admin, JOBS, zoe) == []


@pytest.mark.parametrize("what", ACTIONS)
async def test_of_nobody_nothing_is_done(console: Console, what: str):
    form = {"count": "3", "recipient": "me@ops.example", "confirmation": "x"}
    answer = await console.post(f"/console/clients/{uuid4()}/{what}", form)

    assert answer.status_code in {303, 404}
    malformed = await console.post(f"/console/clients/nobody/{what}", form)
    assert malformed.status_code == 422
