import asyncpg
import pytest

from libs.common.postgres import Connection
from services.gateway.repository import audit


async def test_what_was_done_is_remembered_and_never_changed(conn: Connection) -> None:
    await audit.record(
        conn, actor="tik_4fXq", action="job.cancel", target="job", request_id="r", detail={"run": 2}
    )
    row = await conn.fetchrow("select actor, action, target, request_id, detail from audit")
    assert row is not None
    assert tuple(row) == ("tik_4fXq", "job.cancel", "job", "r", {"run": 2})
    for statement in ("update audit set actor = 'x'", "delete from audit", "truncate audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute(statement)
