from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.envelope import MAX_READ_BYTES, UnreadableError, read
from libs.common.events import ClientErased
from libs.common.ids import uuid7

CLIENT = UUID("0190b4f6-7d3a-7c3e-9c7b-1f2e3d4c5b6a")


def headers(**changed: bytes) -> list[tuple[str, bytes]]:
    all_of_them = {"ce_id": str(uuid7()).encode(), "ce_type": ClientErased.type.encode(), **changed}
    return list(all_of_them.items())


VALUE = msgspec.json.encode(ClientErased(client_id=CLIENT))


def test_an_event_is_read_with_its_id_and_its_thread() -> None:
    event_id = uuid4()

    received = read(headers(ce_id=str(event_id).encode(), correlation_id=b"job"), VALUE)

    assert received.id == event_id
    assert received.event == ClientErased(client_id=CLIENT)
    assert received.correlation_id == "job"


def test_a_field_of_a_later_version_is_ignored() -> None:
    later = b'{"client_id":"%s","reason":"asked"}' % str(CLIENT).encode()
    assert read(headers(), later).event == ClientErased(client_id=CLIENT)


@pytest.mark.parametrize(
    "changed, value, said",
    [
        ({}, None, "tombstone"),
        ({}, b"", "client.erased"),
        ({}, b"{", "client.erased"),
        ({}, b'{"client_id": 5}', "client_id"),
        ({}, b'{"client_id": "\x00"}', "client.erased"),
        ({}, b"[" * 100_000, "client.erased"),
        ({}, b" " * (MAX_READ_BYTES + 1), "too large"),
        ({"ce_type": b"trackimmo.nothing.v9"}, VALUE, "unknown type"),
        ({"ce_type": b"\xff\xfe"}, VALUE, "not UTF-8"),
        ({"other": b"\xff"}, VALUE, "not UTF-8"),
        ({"ce_id": b"17"}, VALUE, "client.erased"),
        ({"traceparent": b"00-\x00-01"}, VALUE, "NUL"),
        ({}, VALUE[:-1] + b',"x":"\\u0000"}', "NUL"),
    ],
)
def test_what_is_no_event_is_refused_with_a_reason(
    changed: dict[str, bytes], value: bytes | None, said: str
) -> None:
    with pytest.raises(UnreadableError, match=said):
        read(headers(**changed), value)


@given(
    st.lists(st.tuples(st.sampled_from(["ce_type", "ce_id", "x"]), st.none() | st.binary())),
    st.none() | st.binary(),
)
def test_no_bytes_whatever_raise_another_error(
    any_headers: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    with pytest.raises(UnreadableError):
        read(any_headers, value)
