"""Dead letters in groups of one cause, and a group settled at once."""

import re

import pytest

from libs.common.consumer import Consumer, consume, consume_held
from libs.common.postgres import Connection
from tests.common.consuming import Message, consumer, erased, message, outbox
from tests.gateway.console.conftest import Console, found
from tests.gateway.console.poisoned import (
    AUDIT,
    LETTER,
    SEEN_AT,
    Bug,
    broken,
    groups,
    poison,
    settle,
    states,
)
from tests.support.database import Database

UNKNOWN = "0199c0de-0000-7000-8000-00000000dead"


@pytest.fixture
def bug() -> Bug:
    return Bug()


@pytest.fixture
def assigner(bug: Bug) -> Consumer:
    return consumer(bug.handle)


@pytest.fixture
async def conn(database: Database) -> Connection:
    return await database.connect("assigner")


async def test_a_hundred_poisoned_messages_of_three_classes_are_replayed_at_once(
    console: Console, conn: Connection, assigner: Consumer, bug: Bug, admin: Connection
):
    await poison(conn, assigner)
    shown = await groups(console)
    assert [(cause.partition(":")[0], letters) for _, cause, letters in shown] == [
        ("PermanentError", 50), ("UnreadableError", 30), ("UnreadableError", 20),
    ]  # fmt: skip
    assert "100 letters in 3 groups." in (await console.get("/console/dead-letters")).text

    bug.is_there = False
    path = shown[0][0]
    dry = (await console.get(f"{path}/replay")).text
    assert "50 letters would be replayed." in dry
    assert await states(conn) == {"dead": 100}
    form = {"seen_at": found(SEEN_AT, dry)}

    done = await console.follow(await console.post(f"{path}/replay", form))
    assert "Letters replayed: 50." in done
    assert "50 waiting, 0 done, 0 dead again" in done
    assert 'value="0" max="50"' in done
    assert await states(conn) == {"dead": 50, "waiting": 50}

    again = await console.follow(await console.post(f"{path}/replay", form))
    assert "Letters replayed: 0." in again
    assert await states(conn) == {"dead": 50, "waiting": 50}
    audited = [tuple(row) for row in await admin.fetch(AUDIT)]
    target = path.removeprefix("/console/dead-letters/").replace("/groups/", "/")
    actor = audited[0][2]
    assert audited == [("dead_letters.replay", target, actor, number) for number in ("50", "0")]

    for _ in range(50):
        assert await consume_held(conn, assigner)
    assert not await consume_held(conn, assigner)
    page = (await console.get(path)).text
    assert "0 waiting, 50 done, 0 dead again" in page
    assert 'value="50" max="50"' in page
    assert len(await outbox(conn)) == 50


async def test_all_three_classes_come_to_nothing_together(
    console: Console, conn: Connection, assigner: Consumer, bug: Bug
):
    await poison(conn, assigner)
    bug.is_there = False

    shown = await groups(console)
    said = [await settle(console, f"{path}/replay") for path, _, _ in shown]
    assert [found(re.compile(r"Letters replayed: (\d+)\."), page) for page in said] == [
        "50",
        "30",
        "20",
    ]
    while await consume_held(conn, assigner):
        pass

    assert await states(conn) == {"done": 50, "dead": 50}
    assert [(cause.partition(":")[0], letters) for _, cause, letters in await groups(console)] == [
        ("UnreadableError", 30), ("UnreadableError", 20),
    ]  # fmt: skip
    assert "0 waiting, 0 done, 30 dead again" in (await console.get(shown[1][0])).text


async def test_what_died_again_after_the_look_is_left_alone(
    console: Console, conn: Connection, assigner: Consumer
):
    await consume(conn, assigner, [broken(b"{", 1)])
    [(path, _, _)] = await groups(console)
    form = {"seen_at": found(SEEN_AT, (await console.get(f"{path}/replay")).text)}
    await console.post(f"{path}/replay", form)
    assert await consume_held(conn, assigner)

    answer = await console.follow(await console.post(f"{path}/replay", form))

    assert "Letters replayed: 0." in answer
    assert await states(conn) == {"dead": 1}
    assert "1 letter would be replayed" in (await console.get(f"{path}/replay")).text


async def test_a_group_is_discarded_by_who_types_its_service(
    console: Console, conn: Connection, assigner: Consumer, admin: Connection
):
    await consume(conn, assigner, [broken(b"{", n) for n in range(3)])
    await consume(conn, assigner, [message(erased(), offset=9)])
    path = next(path for path, _, letters in await groups(console) if letters == 3)

    refused = await settle(console, f"{path}/discard", confirmation="yes")
    assert "the word to be typed was another" in refused
    assert "3 letters would be discarded." in refused
    assert await states(conn) == {"dead": 4}
    assert await admin.fetch(AUDIT) == []

    done = await settle(console, f"{path}/discard", confirmation="assigner")
    assert "Letters discarded: 3." in done
    assert await states(conn) == {"dead": 1, "discarded": 3}
    assert [row["action"] for row in await admin.fetch(AUDIT)] == ["dead_letters.discard"]
    assert (await console.get(path)).status_code == 404
    assert (await console.get(f"{path}/replay")).status_code == 404
    listed = (await console.get("/console/dead-letters?state=discarded")).text
    assert len(LETTER.findall(listed)) == 3


@pytest.mark.parametrize("seen_at", ["", "now", "2026-11-22T10:00:00", "0001-01-01T00:00:00+14:00"])
async def test_nothing_is_settled_without_a_look(
    console: Console, conn: Connection, assigner: Consumer, seen_at: str
):
    await consume(conn, assigner, [broken(b"{", 1)])
    [(path, _, _)] = await groups(console)

    answer = await console.post(f"{path}/replay", {"seen_at": seen_at})

    assert answer.status_code == 422
    assert await states(conn) == {"dead": 1}


async def test_groups_are_told_apart_by_service_topic_type_and_cause(
    console: Console, admin: Connection, conn: Connection, assigner: Consumer
):
    other = Message(b"{", [("ce_type", b"caf\xe9")], 7, "client.registered")
    await consume(conn, assigner, [broken(b"{", 1), other, Message(None, [], 8)])
    await admin.execute(
        """insert into scraper.held_message (consumer, topic, partition, "offset", headers, raw,
             raw_sha256, reason, error, state)
           select 'scraper', topic, partition, "offset", headers, raw, raw_sha256, reason, error, state
           from assigner.held_message where "offset" = 1"""
    )

    assert len(await groups(console)) == 4
    assert len(await groups(console, "?service=assigner")) == 3
    page = (await console.get("/console/dead-letters")).text
    assert "caf\N{REPLACEMENT CHARACTER}" in page
    assert "no type" in page


@pytest.mark.parametrize(
    "path, status",
    [
        ("?state=lost", 422), ("?service=postman", 422), (f"/assigner/{UNKNOWN}", 404),
        (f"/assigner/{UNKNOWN}/raw.bin", 404), ("/assigner/7", 422), ("/postman/groups/7", 422),
        (f"/assigner/groups/{'0' * 32}", 404), (f"/assigner/groups/{'0' * 32}/forget", 422),
        ("/assigner/groups/<b>", 422),
    ],
)  # fmt: skip
async def test_what_is_not_there_says_so(console: Console, path: str, status: int):
    assert (await console.get(f"/console/dead-letters{path}")).status_code == status


@pytest.mark.parametrize("state", ["dead", "waiting", "done", "discarded"])
async def test_an_empty_list_says_so(console: Console, state: str):
    page = (await console.get(f"/console/dead-letters?state={state}")).text

    assert 'class="empty"' in page
