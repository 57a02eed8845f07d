from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.routes.body import Body, pointer, read
from services.gateway.routes.imports import RequestImport
from services.gateway.routes.jobs import AddAddresses, ProcessClient
from services.gateway.routes.problems import Refusal
from services.gateway.routes.registration import Registration
from services.gateway.routes.schedule import RunSchedule
from tests.gateway.routes.conftest import registration

KINDS: tuple[type[Body], ...] = (Registration, ProcessClient, AddAddresses, RunSchedule)
NAMES = sorted({field.name for kind in KINDS for field in msgspec.structs.fields(kind)})

ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def outcome(raw: bytes, kind: type[Body]) -> Body | Refusal:
    try:
        return read(raw, kind)
    except Refusal as refusal:
        return refusal


# a machine with other work to do is no fault of ours
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES) | st.text(), ANY_JSON))
def test_whatever_is_said_is_read_or_refused_by_name(kind: type[Body], said: dict[str, Any]):
    result = outcome(msgspec.json.encode(said), kind)
    if isinstance(result, Refusal):
        assert result.status_code == 422
        assert all(fault.pointer and fault.detail for fault in result.faults)


@settings(deadline=None)
@given(st.binary())
def test_whatever_bytes_come_are_read_or_refused(raw: bytes):
    assert isinstance(outcome(raw, ProcessClient), ProcessClient | Refusal)


@settings(deadline=None)
@given(st.sampled_from(sorted(registration())), ANY_JSON)
def test_one_strange_field_is_refused_alone(name: str, value: Any):
    result = outcome(msgspec.json.encode(registration(**{name: value})), Registration)
    if isinstance(result, Refusal):
        assert {fault.pointer.split("/")[1] for fault in result.faults} == {name}


def test_a_pointer_reaches_into_lists():
    with pytest.raises(Refusal) as refusal:
        read(msgspec.json.encode(registration(chosen_cities=["01053", 5])), Registration)
    assert [fault.pointer for fault in refusal.value.faults] == ["/chosen_cities/1"]
    assert refusal.value.faults[0].detail == "Expected str, got int"


def test_a_pointer_escapes_what_rfc_6901_escapes():
    assert pointer("a/b", "~") == "/a~1b/~0"


@pytest.mark.parametrize(
    "value", [b"1" + b"0" * 5000, b"-1e400", rb'"\ud800"', rb'["a\udc00b"]', rb'{"a": "\ud83d x"}']
)
def test_json_with_a_value_that_nobody_can_keep_is_422(value: bytes):
    refused = outcome(b'{"client_id": ' + value + b"}", ProcessClient)
    assert isinstance(refused, Refusal)
    assert refused.status_code == 422
    assert refused.faults


@pytest.mark.parametrize(
    "raw", [b"", b" ", b"NaN", b'{"a": Infinity}', b"[" * 100_000, b"\xef\xbb\xbf{}", b'{"\xff": 1}',
            "{}".encode("utf-16"), b"{} {}", b"{'a': 1}"]
)  # fmt: skip
def test_what_is_not_json_is_400(raw: bytes):
    refused = outcome(raw, ProcessClient)
    assert isinstance(refused, Refusal)
    assert refused.status_code == 400


def test_a_refusal_is_smaller_than_what_it_refuses():
    many = {str(number): 1 for number in range(10_000)}
    refused = outcome(msgspec.json.encode(many | {"locale": "x" * 100_000}), Registration)
    assert isinstance(refused, Refusal)
    assert len(msgspec.json.encode(refused.faults)) < 10_000


CLIENT = "0199c0de-0000-7000-8000-000000000001"


@pytest.mark.parametrize("count", [b"5.0", b"5", b"0.5e1"])
def test_a_whole_number_is_one_however_it_is_written(count: bytes):
    body = read(b'{"client_id": "%s", "count": %s}' % (CLIENT.encode(), count), AddAddresses)
    assert body.count == 5
    assert isinstance(body.count, int)


@pytest.mark.parametrize("count", [b"5.5", b"1001.0", b"1e300", b"-0.0", b"true", b'"5"', b"[5.0]"])
def test_what_is_no_whole_number_in_range_is_refused(count: bytes):
    with pytest.raises(Refusal) as refused:
        read(b'{"client_id": "%s", "count": %s}' % (CLIENT.encode(), count), AddAddresses)
    assert [fault.pointer for fault in refused.value.faults] == ["/count"]


def test_whole_numbers_within_a_list_are_whole_too():
    assert read(b'{"department": "01", "years": [2019.0, 2020]}', RequestImport).years == (
        2019,
        2020,
    )
