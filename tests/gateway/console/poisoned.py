"""Messages that nobody can handle, and pages that show them."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Any

from libs.common.consumer import Consumer, consume
from libs.common.envelope import Received
from libs.common.errors import PermanentError
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from tests.common.consuming import Message, announce, erased, message
from tests.gateway.console.conftest import Console, found

GROUP = re.compile(
    r'href="(/console/dead-letters/\w+/groups/[0-9a-f]{32})"[^>]*>([^<]*)</a></th>\s*<td>(\d+)'
)
SEEN_AT = re.compile(r'name="seen_at" value="([^"]+)"')
LETTER = re.compile(r'href="(/console/dead-letters/\w+/[0-9a-f-]{36})"')
COUNTS = "select state, count(*) from assigner.held group by state"
AUDIT = """
    select action, target, actor, detail ->> 'letters' as letters from gateway.audit
    where action ~ '^dead_letter' order by id
"""


class Bug:
    """A handler that cannot, until it is mended."""

    is_there = True

    async def handle(self, conn: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        if self.is_there:
            raise PermanentError("a rule that cannot hold")
        await announce(conn, received, emit)


def broken(value: bytes, offset: int) -> Message:
    whole = message(erased(), offset=offset)
    return Message(value, whole.headers, offset)


async def poison(conn: Connection, assigner: Consumer) -> None:
    """A hundred messages of three classes."""
    await consume(conn, assigner, [broken(b'{"client_id": "%d' % n, n) for n in range(20)])
    await consume(conn, assigner, [broken(b'{"client": %d}' % n, 100 + n) for n in range(30)])
    await consume(conn, assigner, [message(erased(), offset=200 + n) for n in range(50)])


async def groups(console: Console, query: str = "") -> list[tuple[str, str, int]]:
    answer = await console.get(f"/console/dead-letters{query}")
    assert answer.status_code == 200, answer.text
    return [
        (path, unescape(cause), int(letters)) for path, cause, letters in GROUP.findall(answer.text)
    ]


async def states(conn: Connection) -> dict[str, int]:
    return {row["state"]: row["count"] for row in await conn.fetch(COUNTS)}


async def settle(console: Console, path: str, **form: str) -> str:
    """Look first, then do: the page that says what came of it."""
    dry = (await console.get(path)).text
    answer = await console.post(path, {"seen_at": found(SEEN_AT, dry), **form})
    return await console.follow(answer)


async def letter(console: Console) -> str:
    """The one letter that there is."""
    [(path, _, _)] = await groups(console)
    return found(LETTER, (await console.get(path)).text)
