"""A dead letter as it is: its bytes, what they say, why nobody could handle it."""

import re
from html import unescape

import pytest

from libs.common.consumer import Consumer, consume
from libs.common.postgres import Connection
from tests.common.consuming import Message, consumer, erased, message
from tests.gateway.console.conftest import Console
from tests.gateway.console.poisoned import AUDIT, Bug, broken, letter, states
from tests.support.database import Database

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def assigner() -> Consumer:
    return consumer(Bug().handle)


@pytest.fixture
async def conn(database: Database) -> Connection:
    return await database.connect("assigner")


async def test_a_letter_shows_its_bytes_and_what_differs_from_the_event(
    console: Console, conn: Connection, assigner: Consumer
):
    value = b'{"client_id": 7, "note": "%s", "turned": "\xe2\x80\xae"}' % HOSTILE.encode()
    await consume(conn, assigner, [broken(value, 41)])
    path = await letter(console)

    page = (await console.get(path)).text

    assert HOSTILE not in page
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in page
    text = unescape(page)
    assert "Expected `uuid`, got `int` - at `$.client_id`" in text
    assert '"turned": "\\u202e"' in text
    assert '000000  7b 22 63 6c 69 65 6e 74 5f 69 64 22 3a 20 37 2c  {"client_id": 7,' in text
    assert re.search(r"client_id</th><td[^>]*>UUID</td>\s*<td[^>]*>7</td>", text)
    assert "unknown field, ignored" in text
    assert "trackimmo.client.erased.v1" in text
    raw = await console.get(f"{path}/raw.bin")
    assert raw.content == value
    assert raw.headers["content-disposition"].startswith("attachment")
    assert raw.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "raw, said",
    [
        (b"\xff\xfe{", "Bytes"),
        (b"[" * 70_000, "67,952 more bytes are not shown"),
        (b"", "It is no JSON"),
        (None, "tombstone: the message has no value"),
        (b"x" * 1_100_000, "too large: 1100000 bytes"),
        (b'{"a": 1e999}', "1e999"),
    ],
)
async def test_bytes_of_every_sort_have_their_page(
    console: Console, conn: Connection, assigner: Consumer, raw: bytes | None, said: str
):
    await consume(conn, assigner, [Message(raw, [("ce_type", b"trackimmo.client.erased.v1")], 1)])

    page = await console.get(await letter(console))

    assert page.status_code == 200
    assert said in page.text
    assert len(page.content) < 60_000


async def test_an_event_whose_handling_failed_reads_well(
    console: Console, conn: Connection, assigner: Consumer
):
    await consume(conn, assigner, [message(erased(), offset=3)])

    page = (await console.get(await letter(console))).text

    assert "It reads as an event of this type" in page
    assert "PermanentError: a rule that cannot hold" in page


async def test_a_letter_is_tried_again_or_laid_aside(
    console: Console, conn: Connection, assigner: Consumer, admin: Connection
):
    await consume(conn, assigner, [broken(b"{", 1)])
    path = await letter(console)

    replayed = await console.follow(await console.post(f"{path}/replay"))
    assert "will be tried again at once" in replayed
    discarded = await console.follow(await console.post(f"{path}/discard"))
    assert "will not be tried again" in discarded
    assert "/discard" not in discarded
    refused = await console.follow(await console.post(f"{path}/replay"))
    assert "its state has changed" in refused

    assert await states(conn) == {"discarded": 1}
    actions = [row["action"] for row in await admin.fetch(AUDIT)]
    assert actions == ["dead_letter.replay", "dead_letter.discard"]
