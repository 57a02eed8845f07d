"""Two people who do the same at once."""

import asyncio

from libs.common.consumer import Consumer, consume, consume_held
from libs.common.postgres import Connection
from tests.common.consuming import erased, message, outbox
from tests.gateway.routes.conftest import Api
from tests.gateway.routes.test_dead_letters import Bug, assigner, bug, conn, listed

__all__ = ["assigner", "bug", "conn"]


async def test_two_operators_replay_the_same_letter_with_one_effect_and_both_are_remembered(
    api: Api, conn: Connection, assigner: Consumer, admin: Connection, bug: Bug
):
    await consume(conn, assigner, [message(erased())])
    [letter] = await listed(api)
    keys = [
        (await api.post("/admin/api-keys", json={"name": name, "scopes": ["admin"]})).json()
        for name in ("Ada", "Bob")
    ]
    bug.is_there = False
    path = f"/admin/dead-letters/assigner/{letter['id']}/replay"

    answers = await asyncio.gather(
        *(api.post(path, headers={"X-Admin-Key": each["key"]}) for each in keys)
    )
    while await consume_held(conn, assigner):
        pass

    assert sorted(answer.json()["changed"] for answer in answers) == [False, True]
    assert len(await outbox(conn)) == 1
    who = "select actor, detail from gateway.audit where action = 'dead_letter.replay'"
    remembered = {row["actor"]: row["detail"]["changed"] for row in await admin.fetch(who)}
    assert set(remembered) == {each["prefix"] for each in keys}
    assert sorted(remembered.values()) == [False, True]
