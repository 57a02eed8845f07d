"""Every event ever promised decodes for ever: recorded examples are added to, never edited."""

from pathlib import Path

import msgspec
import pytest

from libs.common.events import EVENTS

RECORDED = sorted((Path(__file__).parent / "contracts").glob("*.json"))


def type_of(path: Path) -> str:
    return "trackimmo." + path.name.rsplit(".", 2)[0]


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_what_was_once_said_is_still_understood(path: Path) -> None:
    recorded = msgspec.json.decode(path.read_bytes())

    event = msgspec.json.decode(path.read_bytes(), type=EVENTS[type_of(path)])

    said_again = msgspec.json.decode(msgspec.json.encode(event))
    assert {**said_again, **recorded} == said_again
    assert event.key


def test_every_event_has_a_recorded_example() -> None:
    assert {type_of(path) for path in RECORDED} == set(EVENTS)


def test_no_event_carries_a_person() -> None:
    personal = {"name", "first_name", "last_name", "email", "telephone", "phone", "address"}

    for event in EVENTS.values():
        assert personal.isdisjoint(field.name for field in msgspec.structs.fields(event))
