"""I5: what nobody can handle is held as it came, by whom it was for, and nothing else is."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from libs.common.held import unpacked
from tests.faults.ledger import Poison
from tests.faults.oracle.evidence import verdict
from tests.faults.oracle.expected import everywhere
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

PROMISE: Final = (
    "Dead letters are the poisons that were put on the bus, byte for byte, each at whom it was"
    " for, and nothing else."
)

# The hash is of the bytes that are there, whatever the column beside them says.
DEAD: Final = everywhere("""
    select id, consumer, event_id, topic, key, headers, raw is null as tombstone,
           sha256(coalesce(raw, '')) as sha256, raw_sha256
    from {schema}.held_message where state in ('dead', 'discarded')
""")


class Letter(NamedTuple):
    """What makes two dead letters the same."""

    consumer: str
    topic: str
    key: bytes | None
    sha256: bytes
    tombstone: bool
    headers: tuple[tuple[str, bytes], ...]


async def dead_letters_are_poisons(observed: Observed) -> Verdict:
    """I5."""
    may_die = observed.ledger.may_die
    rows = [row for row in await observed.connection.fetch(DEAD) if row["event_id"] not in may_die]
    held = Counter(_letter(row, observed.prefix) for row in rows)
    injected = Counter(letter for poison in observed.ledger.poisons for letter in _letters(poison))
    ids = {_letter(row, observed.prefix): row["id"] for row in rows}
    wrong = [f"its bytes and their hash differ: {row['id']}" for row in rows if _altered(row)]
    strange = [f"{one.consumer} holds no poison of ours: {ids[one]}" for one in held - injected]
    missing = [
        f"{one.consumer} has not held as it came: {one.topic} {one.sha256.hex()[:16]}"
        for one in injected - held
    ]
    return verdict("I5", PROMISE, [*missing, *strange, *wrong])


def _letters(poison: Poison) -> Iterator[Letter]:
    # PostgreSQL's JSON holds no NUL.
    headers = tuple((name.replace("\x00", "\ufffd"), value) for name, value in poison.headers)
    digest = hashlib.sha256(poison.value or b"").digest()
    for consumer in poison.consumers:
        yield Letter(consumer, poison.topic, poison.key, digest, poison.value is None, headers)


def _letter(row: Any, prefix: str) -> Letter:
    topic = row["topic"].removeprefix(prefix)
    headers = tuple(unpacked(row["headers"]))
    return Letter(row["consumer"], topic, row["key"], row["sha256"], row["tombstone"], headers)


def _altered(row: Any) -> bool:
    return row["sha256"] != row["raw_sha256"]
