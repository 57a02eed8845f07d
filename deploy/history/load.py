"""The rows of a history, batch by batch, each in a transaction; then their doors."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from deploy.history import statements
from deploy.history.table import Row
from libs.common.postgres import Connection

Progress = Callable[[str], None]

BATCH: Final = 5000
COMMUNES_AT_ONCE: Final = 50
PATIENCE_SECONDS: Final = 900
TOLD: Final = ("line", "client_id", "email", "address", "insee", "postal_code", "city",
               "delivered_on", "reason")  # fmt: skip


class Refused(msgspec.Struct, frozen=True):
    """A line that was not taken, and why."""

    line: int
    reason: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows."""

    rows: int
    new: int
    """Clients' addresses that were not known before: a line told twice counts once."""
    taken: int
    found: int
    """Of those taken, with a door in stock; the others wait for the sales of their commune."""
    refused: tuple[Refused, ...]


async def load(connection: Connection, rows: Sequence[Row], progress: Progress) -> Outcome:
    """Bring all rows in; `progress` hears how far it is. Stopped and told again it goes on."""
    for statement in (statements.STAGE, statements.TAKEN, statements.TOWN, statements.PLACES):
        await connection.execute(statement, timeout=PATIENCE_SECONDS)
    new, refused = 0, list[Refused]()
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        async with connection.transaction():
            new += await _take(connection, batch)
            refused += [Refused(*row) for row in await connection.fetch(statements.REFUSED)]
        progress(f"{start + len(batch):,} of {len(rows):,} rows")
    await _recall(connection, progress)
    (counts,) = await connection.fetch(statements.FOUND, timeout=PATIENCE_SECONDS)
    return Outcome(rows=len(rows), new=new, refused=tuple(refused), **dict(counts))


async def _take(connection: Connection, batch: Sequence[Row]) -> int:
    """How many of them were not known."""
    await connection.execute("truncate told")
    records = [tuple(getattr(row, name) for name in TOLD) for row in batch]
    await connection.copy_records_to_table("told", records=records, columns=TOLD)
    await connection.execute("analyze told")
    for statement in (
        statements.CLIENTS, statements.BY_CODE, statements.BY_NAME, statements.DOORS,
        statements.REASONS, statements.KEEP,
    ):  # fmt: skip
        await connection.execute(statement, timeout=PATIENCE_SECONDS)
    stored = await connection.execute(statements.STORE, timeout=PATIENCE_SECONDS)
    return int(stored.split()[-1])


async def _recall(connection: Connection, progress: Progress) -> None:
    """Let the assigner hear of the doors, some communes at a time: each is looked at once."""
    rows = await connection.fetch(statements.COMMUNES, timeout=PATIENCE_SECONDS)
    communes = [row["insee_code"] for row in rows]
    for start in range(0, len(communes), COMMUNES_AT_ONCE):
        some = communes[start : start + COMMUNES_AT_ONCE]
        async with connection.transaction():
            await connection.execute(statements.ALONE, timeout=PATIENCE_SECONDS)
            await connection.fetch(statements.RECALL, some, timeout=PATIENCE_SECONDS)
        progress(f"doors of {start + len(some):,} of {len(communes):,} communes")
