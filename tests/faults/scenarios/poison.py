"""F19: messages that nobody can handle, each form on each consumer; the next one is not held up."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from tests.faults.ledger import Poison
from tests.faults.records import Copy, producing, published, put, readers_of
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import quiet
from tests.faults.scenario import scenario

QUIET_SECONDS: Final = 200
DEAD_SECONDS: Final = 5.0
NEXT_SECONDS: Final = 1.0
LARGE_BYTES: Final = 10_000_000
DEPTH: Final = 200_000
TOPICS: Final = ("client.process", "properties.ready", "properties.assigned", "mail.settled")
"""Each consumer reads one of them at least."""

CLOCK: Final = "select public.clock() as now"

BURIED: Final = """
    select extract(epoch from created_at - $3::timestamptz)::float8, state, raw, key, headers
    from {consumer}.held_message
    where consumer = '{consumer}' and topic = $1 and "offset" = $2
"""
HANDLED: Final = """
    select extract(epoch from handled_at - $2::timestamptz)::float8
    from {consumer}.inbox where consumer = '{consumer}' and event_id = $1
"""

Headers = list[tuple[str, bytes]]
Form = Callable[[Copy], tuple[bytes | None, Headers]]


def _with(copy: Copy, value: bytes | None) -> tuple[bytes | None, Headers]:
    return value, copy.record["headers"]


def _header(copy: Copy, name: str, value: bytes) -> tuple[bytes | None, Headers]:
    others = [pair for pair in copy.record["headers"] if pair[0] != name]
    return copy.payload, [*others, (name, value)]


def _beside(copy: Copy, field: bytes) -> bytes:
    """The event with one field more."""
    return copy.payload[:-1] + b',"x":' + field + b"}"


def _with_nul(copy: Copy) -> bytes:
    """The event with the one sign that PostgreSQL's text cannot hold in one of its texts."""
    fields = msgspec.json.decode(copy.payload)
    text = {"client.process": "cities", "properties.ready": "notes"}.get(copy.topic)
    fields |= {text: ["\x00"]} if text else {"evidence": "\x00"}
    return msgspec.json.encode(fields)


FORMS: Final[Mapping[str, Form]] = {
    "bad JSON": lambda copy: _with(copy, copy.payload[:-5]),
    "wrong schema": lambda copy: _with(copy, b'{"job_id": 7}'),
    "unknown type": lambda copy: _header(copy, "ce_type", b"trackimmo.nobody.knows.v9"),
    "empty": lambda copy: _with(copy, b""),
    "tombstone": lambda copy: _with(copy, None),
    "10 MB": lambda copy: _with(copy, _beside(copy, b'"%s"' % (b"x" * LARGE_BYTES))),
    "non-UTF-8 header": lambda copy: _header(copy, "correlation_id", b"\xff\xfe"),
    "NUL as a byte": lambda copy: _with(copy, copy.payload.replace(b":", b":\x00", 1)),
    "NUL in a text": lambda copy: _with(copy, _with_nul(copy)),
    "NUL in a header": lambda copy: _header(copy, "traceparent", b"00-\x00-\x00-01"),
    "deep nesting": lambda copy: _with(copy, _beside(copy, b"[" * DEPTH + b"]" * DEPTH)),
}


@scenario(
    "F19",
    "Poison of each form, and a good event behind each",
    alone=True,  # what it measures is seconds
    telling=True,
)
async def poison(rig: Rig) -> None:
    await rig.loaded.wait()
    await quiet(rig, QUIET_SECONDS)
    good = {copy.topic: copy for copy in await published(rig)}
    slowest: dict[str, tuple[float, float]] = {}
    async with producing(rig) as producer:
        for name, form in FORMS.items():
            seconds = [await _swallowed(rig, producer, good[topic], form, name) for topic in TOPICS]
            dead, handled = zip(*seconds, strict=True)
            slowest[name] = max(dead), max(handled)
            rig.note(f"{name}: dead after {max(dead):.3f} s, the next after {max(handled):.3f} s")
    late = [
        name
        for name, (dead, handled) in slowest.items()
        if dead > DEAD_SECONDS or handled > NEXT_SECONDS
    ]
    if late:
        raise Violated(f"too late: {', '.join(late)}")


async def _swallowed(
    rig: Rig, producer: Any, good: Copy, form: Form, name: str
) -> tuple[float, float]:
    """In how many seconds each reader has buried the poison, and handled what came behind it."""
    value, headers = form(good)
    key, readers, behind = good.record["key"], readers_of(good.topic), good.afresh()
    poison = Poison(
        topic=good.topic, key=key, value=value, headers=tuple(headers), consumers=readers
    )
    rig.ledger.poisons.append(poison)
    rig.ledger.injected.add(behind.id)
    produced = await _now(rig)
    place = await producer.send_and_wait(
        f"{rig.prefix}{good.topic}", value, key=key, headers=headers
    )
    next_produced = await _now(rig)
    await put(rig, producer, behind)
    try:
        dead = [await _buried(rig, one, place.offset, produced, poison) for one in readers]
        handled = [await _handled(rig, one, behind.id, next_produced) for one in readers]
    except Violated as error:
        raise Violated(f"{name} on {good.topic}: {error}") from error
    return max(dead), max(handled)


async def _now(rig: Rig) -> Any:
    [row] = await rig.query(CLOCK)
    return row["now"]


async def _buried(rig: Rig, consumer: str, offset: int, since: Any, poison: Poison) -> float:
    sql = BURIED.format(consumer=consumer)
    row = await rig.until_row(sql, poison.topic, offset, since, seconds=3 * DEAD_SECONDS)
    kept = (row["state"], row["raw"], row["key"])
    if kept != ("dead", poison.value, poison.key):
        raise Violated(f"the {consumer} keeps other bytes, or as {row['state']}")
    return row[0]


async def _handled(rig: Rig, consumer: str, event_id: UUID, since: Any) -> float:
    sql = HANDLED.format(consumer=consumer)
    return (await rig.until_row(sql, event_id, since, seconds=30))[0]
