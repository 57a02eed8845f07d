"""The link to unsubscribe: looking changes nothing, one click is enough, the same link resumes."""

from typing import Any
from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api, Make
from tests.gateway.routes.linking import somebody, token, unsubscribing

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def reader(make_api: Make) -> Api:
    return await somebody(make_api)


async def suppressed(admin: Connection) -> int:
    return int(await admin.fetchval("select count(*) from notifier.suppression") or 0)


async def test_looking_changes_nothing(reader: Api, admin: Connection, client_id: str):
    answers = [await reader.get(unsubscribing(client_id, days_ago=4000)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert answers[0].text.count("<button") == 1
    assert "Ne plus les recevoir" in answers[0].text
    assert await suppressed(admin) == 0


async def test_one_click_unsubscribes_at_once_and_as_often_as_asked(
    reader: Api, admin: Connection, client_id: str
):
    path = unsubscribing(client_id)

    answers = [await reader.post(path, data=ONE_CLICK) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    assert "Vous ne recevez plus nos messages" in answers[-1].text
    assert await suppressed(admin) == 1
    assert "Les recevoir de nouveau" in (await reader.get(path)).text


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"action": "unsubscribe"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
        {"content": b"\xff\x00", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"json": ONE_CLICK},
        {"data": {f"field{n}": "x" for n in range(200)}},
    ],
)
async def test_whatever_a_program_posts_unsubscribes(
    reader: Api, admin: Connection, client_id: str, sent: Any
):
    answer = await reader.post(unsubscribing(client_id), **sent)

    assert answer.status_code == 200
    assert await suppressed(admin) == 1


async def test_the_same_link_resumes(reader: Api, admin: Connection, client_id: str):
    path = unsubscribing(client_id)
    await reader.post(path, data=ONE_CLICK)

    answers = [await reader.post(path, data={"action": "resume"}) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {200}
    assert "Ne plus les recevoir" in answers[-1].text
    assert await suppressed(admin) == 0


async def test_a_client_who_is_gone_is_sent_nothing_and_told_so(reader: Api, admin: Connection):
    answer = await reader.post(unsubscribing(uuid4()), data=ONE_CLICK)

    assert answer.status_code == 200
    assert "ne mène à aucun compte" in answer.text
    assert await suppressed(admin) == 0


async def test_a_link_to_the_page_is_no_link_to_unsubscribe(
    reader: Api, admin: Connection, client_id: str
):
    for path in (f"/u/{token('page', client_id)}", f"/c/{token('unsubscribe', client_id)}"):
        assert (await reader.get(path)).status_code == 404
    answer = await reader.post(f"/u/{token('page', client_id)}", data=ONE_CLICK)
    assert answer.status_code == 404
    assert await suppressed(admin) == 0
