"""What is kept of how the system was, and when a tile says that it is not well."""

from datetime import datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from libs.common.postgres import Connection
from services.gateway.repository.console import vitals
from services.gateway.repository.console.overview import Waiting
from services.gateway.repository.console.vitals import Lag, Vital
from services.gateway.repository.health import ServiceHealth
from services.gateway.routes.console.tiles import Tile, tiles
from tests.gateway.conftest import Deliver, NewJob
from tests.gateway.console.test_overview import mails
from tests.gateway.happened import failed

WELL = ServiceHealth(
    service="notifier", sessions=1, silent_seconds=1, stuck_seconds=None, relays=1, unpublished=0,
    oldest_seconds=None, waiting=0, dead=0,
)  # fmt: skip
SLOT = "select date_bin('30 seconds', public.clock(), timestamptz 'epoch')"
NO_LAG = Lag(lag=0)
NOTHING_WAITS = Waiting(waiting=0, oldest_seconds=None, idle_seconds=None)
QUIET = Vital(
    at=datetime.fromisoformat("2026-11-22T12:00:00Z"), lag=0, oldest_wait_seconds=0, errors=0, mails_sent=0
)  # fmt: skip


async def test_a_slot_is_written_once_and_forgotten_after_two_days(
    conn: Connection, new_job: NewJob, deliver: Deliver
):
    await conn.execute(
        "insert into vital values (public.clock() - interval '49 hours', 1, 1, 1, 1)"
    )
    await deliver(failed(await new_job()))
    await conn.execute("update movement set at = at - interval '30 seconds' where state = 'failed'")
    await vitals.sample(conn)
    await vitals.sample(conn)

    (slot,) = await conn.fetch("select * from vital")

    assert slot["at"].second % 30 == 0
    assert slot["errors"] <= 1
    lately = await vitals.lately(conn, timedelta(hours=1))
    assert len(lately) == 120
    assert lately[-1].mails_sent == 0
    assert lately[0].errors is None


async def test_a_slot_has_what_happened_in_the_half_minute_before(
    conn: Connection, admin: Connection, new_job: NewJob, deliver: Deliver
):
    await deliver(failed(await new_job()))
    await mails(admin, "sent", uuid4(), uuid4())
    slot: datetime = await conn.fetchval(SLOT) or QUIET.at
    just_before = slot - timedelta(seconds=1)
    await conn.execute("delete from outbox")
    await conn.execute("update movement set at = $1 where state = 'failed'", just_before)
    await admin.execute("update notifier.mail set updated_at = $1", slot - timedelta(seconds=30))
    await conn.execute("insert into lag_look values (true, $1, $1)", slot)
    await conn.execute(
        "insert into lag_partition values ('scraper', 'client.process', 0, 0, 12, 5)"
    )
    await vitals.sample(conn)

    (row,) = await conn.fetch("select lag, oldest_wait_seconds, errors, mails_sent from vital")

    assert tuple(row) == (7, 0, 1, 2)


def shown(
    lag: Lag = NO_LAG,
    past: list[Vital] | None = None,
    waiting: Waiting = NOTHING_WAITS,
    **service: int,
) -> dict[str, Tile]:
    drawn = tiles(past or [QUIET] * 120, lag, [msgspec.structs.replace(WELL, **service)], waiting)
    return {tile.name: tile for tile in drawn}


def test_where_all_is_well_no_tile_is_amber():
    assert all(tile.is_well for tile in shown().values())
    assert {tile.condition for tile in shown().values()} == {"none"}


@pytest.mark.parametrize(
    "lag, condition",
    [
        (Lag(), "unknown"),
        (Lag(lag=900, oldest_seconds=3), "moving"),
        (Lag(lag=1, oldest_seconds=61), "slow"),
    ],
)
def test_a_lag_alarms_by_its_age_not_by_its_size(lag: Lag, condition: str):
    assert shown(lag=lag)["lag"].condition == condition
    assert shown(lag=lag)["lag"].is_well == (condition == "moving")


def test_an_outbox_alarms_when_its_oldest_event_is_a_minute_old():
    assert shown(unpublished=500, oldest_seconds=59)["outbox"].condition == "moving"
    assert shown(unpublished=1, oldest_seconds=61)["outbox"].condition == "slow"


def test_errors_alarm_for_ten_minutes():
    bad = msgspec.structs.replace(QUIET, errors=2)
    just_now, before = [QUIET] * 100 + [bad] * 20, [bad] * 20 + [QUIET] * 100

    assert (shown(past=just_now)["errors"].condition, shown(past=just_now)["errors"].count) == (
        "slow",
        40,
    )
    assert (shown(past=before)["errors"].condition, shown(past=before)["errors"].is_well) == (
        "moving",
        True,
    )


@pytest.mark.parametrize(
    "oldest, idle, condition",
    [
        (300, 0.2, "moving"),
        (3, None, "moving"),
        (12, 30, "slow"),
        (12, None, "slow"),
        (4, 30, "moving"),
    ],
)
def test_mails_alarm_when_they_wait_and_none_goes(
    oldest: float, idle: float | None, condition: str
):
    waiting = Waiting(waiting=34, oldest_seconds=oldest, idle_seconds=idle)

    assert shown(waiting=waiting)["mails"].condition == condition


def test_no_notifier_alarms_at_once():
    tile = shown(waiting=Waiting(waiting=1, oldest_seconds=1, idle_seconds=1), sessions=0)["mails"]

    assert (tile.condition, tile.is_well) == ("away", False)
    assert shown(sessions=0)["mails"].condition == "away_none"


def test_a_slot_that_nobody_measured_is_a_gap():
    gap = Vital(at=QUIET.at, lag=None, oldest_wait_seconds=None, errors=None, mails_sent=None)
    drawn = shown(past=[QUIET, gap, msgspec.structs.replace(QUIET, mails_sent=3)])["mails"]

    assert list(drawn.points) == [0, None, 6]
    assert drawn.value == 6
