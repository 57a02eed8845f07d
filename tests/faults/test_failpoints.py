import asyncio
import os
from collections.abc import Callable

import pytest

from libs.common import held, relay
from libs.common.postgres import Connection
from tests.faults.armed import arm
from tests.faults.failpoints import POINTS, FailpointError, arm_failpoint
from tests.faults.failpoints.firing import Fire, InjectedError, parse
from tests.faults.failpoints.wrapping import after, before, replaced
from tests.faults.zygote import SERVICES

HELD = "libs.common.held:take"


def apart(work: Callable[[], None]) -> str:
    """What the work complained of: in a process of its own, since it changes the services."""
    reader, writer = os.pipe()
    if not os.fork():
        complaint = ""
        try:
            work()
        except FailpointError as error:
            complaint = str(error)
        except BaseException as error:  # noqa: BLE001 - told in the test's own process
            complaint = repr(error)
        os.write(writer, complaint.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    os.wait()
    return said


@pytest.mark.parametrize("name", POINTS)
def test_what_a_point_wraps_is_there(name: str) -> None:
    assert apart(lambda: arm_failpoint(f"{name}:kill")) == ""


def test_points_are_armed_beside_one_another() -> None:
    assert apart(lambda: arm({"FAILPOINT": " ".join(f"{name}:sleep:1:1" for name in POINTS)})) == ""


@pytest.mark.parametrize("name", POINTS)
def test_a_point_says_where_it_lies(name: str) -> None:
    point = POINTS[name]

    assert point.service in {*SERVICES, "any"}
    assert point.says


def test_a_point_whose_function_is_gone_is_refused() -> None:
    def work() -> None:
        del relay._select
        arm_failpoint("relay.selected:kill")

    assert apart(work).startswith("libs.common.relay:_select is gone")


def test_a_point_whose_function_is_of_another_kind_is_refused() -> None:
    async def never() -> None:
        raise AssertionError

    assert "is no coroutine function any more" in apart(
        lambda: after("libs.common.held:failure", never)
    )
    assert "is no function any more" in apart(lambda: before("libs.common.held:TAKE", never))
    assert "is gone" in apart(lambda: before("libs.common.nowhere:take", never))


def test_a_function_is_replaced_wherever_it_is_bound() -> None:
    def work() -> None:
        assert relay.send.__module__ == "libs.common.sending"
        replaced("libs.common.sending:send", lambda _: work)
        assert relay.send is work

    assert apart(work) == ""


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "held.taken",
        "held.taken:die",
        "held.taken:kill:0",
        "nowhere:kill",
        "held.taken:kill:1:2:3",
    ],
)
def test_what_names_no_point_is_refused(wanted: str) -> None:
    assert apart(lambda: arm_failpoint(wanted))


async def test_a_point_raises_at_its_nth_passing_and_is_then_spent() -> None:
    fire = parse("held.taken:raise:2")

    await fire()
    with pytest.raises(InjectedError):
        await fire()
    await fire()


async def test_a_point_raises_each_time_where_it_is_told_so() -> None:
    fire = parse("held.taken:raise:*")

    for _ in range(3):
        with pytest.raises(InjectedError):
            await fire()


async def test_a_point_sleeps_as_long_as_it_is_told_or_for_ever() -> None:
    await parse("held.taken:sleep:1:0.01")()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await parse("held.taken:sleep")()


async def test_a_point_is_passed_only_when_there_is_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fire = Fire("held.taken", "raise")

    async def take(_: Connection, consumer: str) -> object:
        return consumer or None

    monkeypatch.setattr(held, "take", take)
    after(HELD, fire)
    nowhere: Connection = None  # pyright: ignore[reportAssignmentType] - never asked

    assert await held.take(nowhere, "") is None
    assert fire.passed == 0
    with pytest.raises(InjectedError):
        await held.take(nowhere, "notifier")
