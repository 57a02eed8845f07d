import asyncio
import tomllib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from libs.common import relay
from libs.common.postgres import Connection
from libs.liveness import progress
from services.gateway.routes.health import VERSION
from tests.gateway.routes.conftest import Api, Make, application, away, speak_to
from tests.gateway.routes.mail_servers import mail_server
from tests.support.database import Database

STUCK = (
    "Events wait and none was settled for 0:03:00: it ends itself and is started afresh;"
    " `consumer_stuck` in its log says where it stood"
)
SILENT = "Has said nothing for 80 s: is it suspended, or does it hang? Keep its log and restart the scraper"
ROOT = Path(__file__).resolve().parents[3]


async def test_liveness_asks_nobody(lonely: Api):
    lonely.headers.clear()
    ok = {"status": "ok", "service": "TrackImmo API", "version": VERSION}
    assert (await lonely.get("/health")).json() == ok
    assert (await lonely.get("/api/health")).json() == ok
    assert (await lonely.get("/live")).json() == {"status": "ok"}
    assert (await lonely.get("/version")).json() == {"version": VERSION, "service": "TrackImmo API"}


async def test_a_gateway_that_does_not_get_on_is_not_live(
    lonely: Api, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "_stuck", True)
    answer = await lonely.get("/live")
    assert answer.status_code == 503
    assert "No event was settled for" in answer.json()["detail"]


def test_the_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


async def test_readiness_is_what_main_says(make_api: Make):
    assert (await (await make_api()).get("/ready")).status_code == 200
    answer = await (await make_api(ready=False)).get("/ready")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.fixture
async def everyone(database: Database) -> None:
    """A session of each service."""
    for service in ("scraper", "assigner", "notifier", "scheduler"):
        await database.connect(service)


async def parts(api: Api) -> dict[str, dict[str, str]]:
    return (await api.get("/admin/health")).json()["components"]


@pytest.mark.usefixtures("everyone")
async def test_the_system_is_well_while_every_part_is(make_api: Make, client_id: str):
    async with mail_server() as settings:
        health = (await (await make_api(**settings)).get("/admin/health")).json()

    components = health["components"]
    assert {part["status"] for part in components.values()} == {"ok"}
    assert health["status"] == "ok"
    assert health["timestamp"].endswith("Z")
    assert components["database"]["message"] == "Connected, 1 total clients"
    assert components["kafka"]["message"] == "1 broker"
    assert components["scraper"]["message"] == "Connected, every event is published"
    assert list(components) == [
        "database", "email", "kafka", "gateway", "scraper", "assigner", "notifier", "scheduler",
        "dead_letters", "jobs", "refreshes", "schedule", "mails",
    ]  # fmt: skip


async def test_a_service_without_a_session_is_down(api: Api):
    health = (await api.get("/admin/health")).json()

    assert health["status"] == "degraded"
    assert health["components"]["scraper"] == {
        "status": "down",
        "message": "Not connected to PostgreSQL: start the scraper, or look at its log",
    }


@pytest.mark.usefixtures("everyone")
async def test_events_that_are_not_published_degrade_their_service(api: Api, admin: Connection):
    old = """
        insert into {}.outbox (topic, key, type, payload, created_at)
        values ('x', 'x', 'x', '', public.clock() - $1::interval)
    """
    await admin.execute(old.format("scraper"), timedelta(seconds=10))
    await admin.execute(old.format("assigner"), timedelta(minutes=5))

    components = await parts(api)

    assert components["scraper"]["status"] == "ok"
    assert "1 events wait to be published, the oldest for 10 s" in components["scraper"]["message"]
    assert components["assigner"] == {
        "status": "degraded",
        "message": "1 events wait to be published, the oldest for 0:05:00, and no session holds its"
        " relay's lock: does Kafka answer the assigner? If so, restart it",
    }


async def test_a_relay_that_holds_its_lock_is_not_what_is_missing(
    api: Api, admin: Connection, database: Database
):
    await admin.execute(
        """insert into notifier.outbox (topic, key, type, payload, created_at)
           values ('x', 'x', 'x', '', public.clock() - interval '5 minutes')"""
    )
    notifier = await database.connect("notifier")
    assert await notifier.fetchval(relay.LOCK)
    held = (await parts(api))["notifier"]
    await notifier.execute("select pg_advisory_unlock_all()")
    lost = (await parts(api))["notifier"]

    assert held["status"] == lost["status"] == "degraded"
    assert held["message"].endswith("for 0:05:00: does Kafka answer the notifier?")
    assert "no session holds its relay's lock" in lost["message"]


@pytest.mark.usefixtures("everyone")
@pytest.mark.parametrize(
    "row, says",
    [
        (
            "('a/1', public.clock(), public.clock() - interval '3 minutes')",
            STUCK,
        ),
        (
            "('a/1', public.clock() - interval '80 seconds', null)",
            SILENT,
        ),
    ],
)
async def test_a_process_that_does_not_get_on_is_told(
    api: Api, admin: Connection, row: str, says: str
):
    old = "('a/0', public.clock() - interval '1 hour', public.clock() - interval '2 hours')"
    pulse = "insert into scraper.pulse (process, beat_at, stuck_since) values "
    await admin.execute(pulse + old.replace("1 hour", "59 seconds"))
    assert (await parts(api))["scraper"]["status"] == "ok"
    await admin.execute("delete from scraper.pulse")
    await admin.execute(f"{pulse} {old}, {row}")

    assert (await parts(api))["scraper"] == {"status": "degraded", "message": says}


@pytest.mark.usefixtures("everyone")
async def test_dead_letters_say_whose_they_are_and_what_to_do(api: Api, admin: Connection):
    await admin.execute(
        """insert into notifier.held_message
             (consumer, topic, partition, "offset", headers, raw_sha256, reason, error, state)
           values ('notifier', 'job.failed', 0, 1, '[]', '', 'bad', 'bad', 'dead')"""
    )

    assert (await parts(api))["dead_letters"] == {
        "status": "degraded",
        "message": "1 of the notifier: see GET /admin/dead-letters, then replay or discard each",
    }


async def test_cities_being_read_are_told_and_one_that_takes_hours_is_wrong(
    api: Api, admin: Connection, database: Database
):
    await api.post("/admin/cities/01053/refresh")
    fresh = (await parts(api))["refreshes"]
    await database.advance(timedelta(hours=2))
    slow = (await parts(api))["refreshes"]

    assert (fresh["status"], fresh["message"]) == ("ok", "1 under way, the oldest for 0 s")
    assert slow["status"] == "degraded"
    assert "look at the scraper's log" in slow["message"]


async def test_a_mail_in_doubt_waits_for_a_person(api: Api, admin: Connection):
    await admin.execute(
        """insert into notifier.mail
             (id, kind, subject_id, message_id, state, version, next_try_at, give_up_at)
           values (uuidv7(), 'welcome', uuidv7(), 'a@x', 'unknown', 1, null, public.clock()),
                  (uuidv7(), 'welcome', uuidv7(), 'b@x', 'pending', 0,
                   public.clock() - interval '6 minutes', public.clock())"""
    )

    mails = (await parts(api))["mails"]

    assert mails["status"] == "degraded"
    assert "1 may or may not have arrived: see GET /admin/mails?state=unknown" in mails["message"]
    assert "1 should have been sent by now: look at the notifier's log" in mails["message"]


async def test_a_day_without_its_tick_is_wrong(api: Api, admin: Connection, database: Database):
    none = (await parts(api))["schedule"]
    await admin.execute(
        """insert into scheduler.tick (kind, due_on, state, late)
           select kind, (public.clock() at time zone 'Europe/Paris')::date, 'emitted', false
           from unnest(array['send_day', 'pre_notification']) as kind"""
    )
    ticked = (await parts(api))["schedule"]
    await database.advance(timedelta(days=1, minutes=10))
    soon = (await parts(api))["schedule"]
    await database.advance(timedelta(minutes=10))
    overdue = (await parts(api))["schedule"]

    assert none == {"status": "ok", "message": "No tick yet: the first comes at SCHEDULE_TIME"}
    assert ticked["message"].startswith("The last tick was send_day of 20")
    assert [one["status"] for one in (ticked, soon, overdue)] == ["ok", "ok", "degraded"]
    assert "is the scheduler up, and SCHEDULER_ENABLED?" in overdue["message"]


async def test_a_database_that_hangs_holds_nobody_up(database: Database):
    @asynccontextmanager
    async def hanging() -> AsyncGenerator[Connection]:
        await asyncio.sleep(60)
        yield await database.connect("gateway")

    app = application(reading=hanging, writing=away, count=away)
    async with asyncio.timeout(3):
        health = (await speak_to(app).get("/admin/health")).json()

    components = health["components"]
    assert components["database"]["status"] == "down"
    assert components["database"]["message"].startswith("No answer within 2 s")
    assert components["mails"]["status"] == components["scraper"]["status"] == "unknown"
    assert components["kafka"]["status"] == "ok"


async def test_without_postgresql_health_is_still_told(lonely: Api):
    health = (await lonely.get("/admin/health")).json()
    assert health["status"] == "degraded"
    statuses = {name: part["status"] for name, part in health["components"].items()}
    assert (statuses["database"], statuses["scraper"]) == ("down", "unknown")
    assert "PostgreSQL" in health["components"]["scraper"]["message"]
