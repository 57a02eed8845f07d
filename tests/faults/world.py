"""A history as a test finds it: to be changed, and judged."""

from typing import Any, Final

import msgspec

from libs.common.ids import uuid7
from tests.faults.oracle import Observed, judge
from tests.faults.oracle.expected import readers

PROCESS: Final = """(
    select id from gateway.job where kind = 'process' and properties_assigned = 5
    order by created_at limit 1)"""
"""A job that a client asked for, who asked for one more later."""
SCHEDULED: Final = "(select job_id from gateway.monthly_delivery)"
DUE: Final = "(select client_id from gateway.monthly_delivery)"
NOTIFICATION: Final = f"""(
    select id from notifier.mail where kind = 'notification' and subject_id = {SCHEDULED})"""  # noqa: S608 - our own words

FIND: Final = "select * from {schema}.outbox where type = $1 order by seq limit 1"
ADD: Final = """
    insert into {schema}.outbox (id, topic, key, type, payload, headers, published_at)
    values ($1, $2, $3, $4, $5, $6, public.clock())
"""
MET: Final = "insert into {schema}.inbox (consumer, event_id) values ('{schema}', $1)"


class World:
    """What is planted in it is gone with the test."""

    def __init__(self, observed: Observed) -> None:
        self.observed, self.ledger, self.logs = observed, observed.ledger, observed.logs
        self.connection = observed.connection
        self.accepted: list[Any] = list(observed.accepted)

    async def plant(self, *statements: str) -> None:
        """Change what the database holds, whatever stands against it."""
        await self.connection.execute("set local session_replication_role = replica")
        for statement in statements:
            done = await self.connection.execute(statement)
            assert not done.endswith(" 0"), f"nothing was planted by {statement}"
        await self.connection.execute("set local session_replication_role = origin")

    async def say_again(
        self, schema: str, event: str, *, caused: bool = True, **changed: Any
    ) -> None:
        """Have an event said once more, changed, as one that its readers have handled."""
        found: Any = await self.connection.fetchrow(FIND.format(schema=schema), event)
        said, headers = msgspec.json.decode(found["payload"]) | changed, dict(found["headers"])
        if not caused:
            headers.pop("causation_id", None)
        event_id, payload = uuid7(), msgspec.json.encode(said)
        row = (event_id, found["topic"], found["key"], event, payload, headers)
        await self.connection.execute(ADD.format(schema=schema), *row)
        for type_of, reader in readers():
            if type_of == event:
                await self.connection.execute(MET.format(schema=reader), event_id)

    async def red(self) -> set[str]:
        """The invariants that do not hold."""
        # What a transaction has seen of the sessions it sees for ever.
        await self.connection.execute("select pg_stat_clear_snapshot()")
        changed = msgspec.structs.replace(self.observed, accepted=self.accepted)
        return {verdict.invariant for verdict in await judge(changed) if not verdict.holds}
