"""What no service could handle: seen, tried again, laid aside."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from libs.common.consumer import Consumer, consume, consume_held
from libs.common.envelope import Received
from libs.common.errors import PermanentError
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from tests.common.consuming import Message, announce, consumer, erased, message, outbox
from tests.gateway.routes.conftest import Api
from tests.support.database import Database

UNKNOWN = "0199c0de-0000-7000-8000-00000000dead"
AUDIT = "select action, target, actor, detail from gateway.audit order by 1, 2"


class Bug:
    """A handler that cannot, until it is mended."""

    is_there = True

    async def handle(self, conn: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        if self.is_there:
            raise PermanentError("a rule that cannot hold")
        await announce(conn, received, emit)


@pytest.fixture
def bug() -> Bug:
    return Bug()


@pytest.fixture
def assigner(bug: Bug) -> Consumer:
    return consumer(bug.handle)


@pytest.fixture
async def conn(database: Database) -> Connection:
    return await database.connect("assigner")


async def listed(api: Api, **query: Any) -> list[dict[str, Any]]:
    answer = await api.get("/admin/dead-letters", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def settle(api: Api, letter: dict[str, Any], wish: str) -> Any:
    return await api.post(f"/admin/dead-letters/{letter['service']}/{letter['id']}/{wish}")


async def test_a_poisoned_message_is_shown_as_it_arrived(
    api: Api, conn: Connection, assigner: Consumer
):
    poison = Message(b"\xff\xfe{", [("ce_type", b"caf\xe9")], offset=7, key=None)
    await consume(conn, assigner, [poison])

    [letter] = await listed(api)

    assert letter | {"id": "", "created_at": "", "updated_at": "", "age_seconds": 0} == {
        "id": "", "service": "assigner", "state": "dead", "reason": "UnreadableError",
        "error": "UnreadableError: a header is not UTF-8: unexpected end of data at 3",
        "topic": "client.erased", "partition": 3, "offset": 7, "key": None,
        "headers": {"ce_type": "caf\N{REPLACEMENT CHARACTER}"},
        "raw": "//57", "raw_encoding": "base64", "raw_bytes": 3, "decoded": None, "attempts": 1,
        "replays": 0, "next_attempt_at": None, "created_at": "", "updated_at": "", "age_seconds": 0,
    }  # fmt: skip
    assert 0 <= letter["age_seconds"] < 60


@pytest.mark.parametrize(
    "raw, shown, encoding, decoded",
    [
        (b'{"client": 7}', '{"client": 7}', "text", {"client": 7}),
        (b"[" * 70_000, "[" * 65_536, "text", None),
        ("é".encode() * 40_000 + b"!", "é" * 32_768, "text", None),
        (b"x" + "é".encode() * 40_000, "x" + "é" * 32_767, "text", None),
        (b"\xc3", "ww==", "base64", None),
        (b"", "", "text", None),
        (None, None, "text", None),
        (b'{"a": 1e999}', '{"a": 1e999}', "text", None),
    ],
)
async def test_bytes_of_every_sort_are_shown(
    api: Api, conn: Connection, assigner: Consumer, raw: bytes, shown: str, encoding: str, decoded: Any
):  # fmt: skip
    await consume(conn, assigner, [Message(raw, [])])

    [letter] = await listed(api)

    assert (letter["raw"], letter["raw_encoding"]) == (shown, encoding)
    assert letter["decoded"] == decoded
    assert letter["raw_bytes"] == len(raw or b"")


async def test_a_replay_has_its_effect_once_the_fault_is_mended(
    api: Api, conn: Connection, assigner: Consumer, bug: Bug
):
    await consume(conn, assigner, [message(erased())])
    [letter] = await listed(api)
    assert letter["error"] == "PermanentError: a rule that cannot hold"

    bug.is_there = False
    answer = await settle(api, letter, "replay")
    assert answer.json() == {
        "success": True, "id": letter["id"], "service": "assigner", "state": "waiting",
        "changed": True, "message": "Will be tried again at once",
    }  # fmt: skip
    assert (await settle(api, letter, "replay")).json() | {"message": ""} == answer.json() | {
        "changed": False, "message": "",
    }  # fmt: skip
    assert await listed(api) == []
    assert await consume_held(conn, assigner)

    [done] = await listed(api, state="done")
    assert (done["id"], done["replays"]) == (letter["id"], 1)
    assert len(await outbox(conn)) == 1
    refused = await settle(api, letter, "replay")
    assert (refused.status_code, (await settle(api, letter, "discard")).status_code) == (409, 409)
    assert "is done" in refused.json()["detail"]
    assert not await consume_held(conn, assigner)


async def test_what_stays_poison_dies_again(api: Api, conn: Connection, assigner: Consumer):
    await consume(conn, assigner, [Message(b"poison", [])])
    [letter] = await listed(api)

    await settle(api, letter, "replay")
    assert await consume_held(conn, assigner)

    [again] = await listed(api)
    assert (again["id"], again["attempts"], again["replays"]) == (letter["id"], 1, 1)


async def test_what_is_discarded_is_never_tried_again(
    api: Api, conn: Connection, assigner: Consumer, database: Database
):
    await consume(conn, assigner, [Message(b"poison", [])])
    [letter] = await listed(api)

    answers = [(await settle(api, letter, "discard")).json() for _ in range(2)]

    assert [(one["state"], one["changed"]) for one in answers] == [
        ("discarded", True), ("discarded", False),
    ]  # fmt: skip
    assert (await settle(api, letter, "replay")).status_code == 409
    await database.advance(timedelta(days=1))
    assert not await consume_held(conn, assigner)
    assert [one["id"] for one in await listed(api, state="discarded")] == [letter["id"]]


async def test_who_did_it_is_remembered(
    api: Api, conn: Connection, assigner: Consumer, admin: Connection
):
    await consume(conn, assigner, [Message(b"poison", [])])
    [letter] = await listed(api)
    await settle(api, letter, "replay")
    await settle(api, letter, "discard")
    await settle(api, letter, "replay")

    target = f"assigner/{letter['id']}"
    assert [tuple(row) for row in await admin.fetch(AUDIT)] == [
        ("dead_letter.discard", target, "env:admin", {"changed": True}),
        ("dead_letter.replay", target, "env:admin", {"changed": True}),
    ]


async def test_many_operators_at_once_replay_once(
    api: Api, conn: Connection, assigner: Consumer, admin: Connection
):
    await consume(conn, assigner, [Message(b"poison", [])])
    [letter] = await listed(api)

    answers = await asyncio.gather(*(settle(api, letter, "replay") for _ in range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["changed"] for answer in answers) == 1
    assert await admin.fetchval("select replays from assigner.held_message") == 1


async def test_lists_are_filtered_and_paged(api: Api, admin: Connection):
    for service in ("gateway", "scraper", "notifier", "scheduler"):
        for offset in range(2):
            await admin.execute(
                f"""insert into {service}.held_message
                      (consumer, topic, partition, "offset", headers, raw_sha256, reason, error, state)
                    values ($1, 'x', 0, $2, '[]', '', 'bad', 'bad', 'dead')""",  # noqa: S608 - ours
                service, offset,
            )  # fmt: skip

    everything = await listed(api, limit=100)
    assert len(everything) == 8
    assert everything == sorted(everything, key=lambda one: one["created_at"], reverse=True)
    assert {one["service"] for one in await listed(api, service="scraper")} == {"scraper"}
    first = await api.get("/admin/dead-letters?limit=3")
    assert first.headers["Link"] == '</admin/dead-letters?limit=3&offset=3>; rel="next"'
    rest = await api.get("/admin/dead-letters?limit=5&offset=3")
    assert "Link" not in rest.headers
    ids = [one["id"] for one in [*first.json(), *rest.json()]]
    assert ids == [one["id"] for one in everything]


@pytest.mark.parametrize(
    "path, status",
    [
        (f"/assigner/{UNKNOWN}/replay", 404),
        (f"/gateway/{UNKNOWN}/discard", 404),
        ("/assigner/first/replay", 422),
        (f"/billing/{UNKNOWN}/replay", 422),
    ],
)
async def test_what_is_not_held_cannot_be_settled(api: Api, path: str, status: int):
    assert (await api.post(f"/admin/dead-letters{path}")).status_code == status


@pytest.mark.parametrize(
    "query", ["service=billing", "state=lost", "limit=0", "limit=101", "offset=-1"]
)
async def test_a_wrong_question_is_refused(api: Api, query: str):
    assert (await api.get(f"/admin/dead-letters?{query}")).status_code == 422


async def test_dead_letters_are_for_operators(api: Api):
    del api.headers["X-Admin-Key"]

    assert (await api.get("/admin/dead-letters")).status_code == 401
    for wish in ("replay", "discard"):
        path = f"/admin/dead-letters/gateway/{uuid4()}/{wish}"
        assert (await api.post(path)).status_code == 401
