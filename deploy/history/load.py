"""The rows of a history, batch by batch: each batch is one transaction, told twice it is one."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from deploy.history import statements
from deploy.history.table import Row
from libs.common.postgres import Connection

BATCH: Final = 5000
PATIENCE_SECONDS: Final = 900
TOLD: Final = ("line", "client_id", "email", "address", "insee", "postal_code", "city",
               "delivered_on", "reason")  # fmt: skip


class Refused(msgspec.Struct, frozen=True):
    """A line that was not taken, and why."""

    line: int
    reason: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows."""

    rows: int = 0
    new: int = 0
    """Clients' addresses that were not known before: a line told twice counts once."""
    taken: int = 0
    found: int = 0
    """Of those taken, with a door in stock; the others wait for the sales of their commune."""
    refused: tuple[Refused, ...] = ()


async def load(
    connection: Connection, rows: Sequence[Row], progress: Callable[[int], None]
) -> Outcome:
    """Bring all rows in; `progress` is told after each batch how many have been looked at."""
    await connection.execute(statements.STAGE)
    await connection.execute(statements.TOWN)
    await connection.execute(statements.PLACES, timeout=PATIENCE_SECONDS)
    total = Outcome()
    for batch in _batches(rows):
        total = _sum(total, await _take(connection, batch))
        progress(total.rows)
    return total


async def _take(connection: Connection, batch: Sequence[Row]) -> Outcome:
    async with connection.transaction():
        await connection.execute("truncate told")
        records = [tuple(getattr(row, name) for name in TOLD) for row in batch]
        await connection.copy_records_to_table("told", records=records, columns=TOLD)
        await connection.execute("analyze told")
        for statement in (
            statements.CLIENTS, statements.BY_CODE, statements.BY_NAME, statements.DOORS,
            statements.REASONS, statements.ALONE,
        ):  # fmt: skip
            await connection.execute(statement, timeout=PATIENCE_SECONDS)
        stored = await connection.execute(statements.STORE, timeout=PATIENCE_SECONDS)
        await connection.execute(statements.RECALL, timeout=PATIENCE_SECONDS)
        (counts,) = await connection.fetch(statements.FOUND, timeout=PATIENCE_SECONDS)
        refused = await connection.fetch(statements.REFUSED)
    return Outcome(
        rows=len(batch),
        new=int(stored.split()[-1]),
        taken=counts["taken"],
        found=counts["found"],
        refused=tuple(Refused(*row) for row in refused),
    )


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _sum(one: Outcome, other: Outcome) -> Outcome:
    return Outcome(
        rows=one.rows + other.rows,
        new=one.new + other.new,
        taken=one.taken + other.taken,
        found=one.found + other.found,
        refused=one.refused + other.refused,
    )
