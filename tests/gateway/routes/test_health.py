import asyncio
import tomllib
from pathlib import Path

from libs.common.postgres import Connection
from services.gateway.routes.health import VERSION
from tests.gateway.routes.conftest import Api, Make
from tests.support.database import Database

ROOT = Path(__file__).resolve().parents[3]


async def test_liveness_asks_nobody(lonely: Api):
    lonely.headers.clear()
    ok = {"status": "ok", "service": "TrackImmo API", "version": VERSION}
    assert (await lonely.get("/health")).json() == ok
    assert (await lonely.get("/api/health")).json() == ok
    assert (await lonely.get("/live")).json() == {"status": "ok"}
    assert (await lonely.get("/version")).json() == {"version": VERSION, "service": "TrackImmo API"}


def test_the_version_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


async def test_readiness_is_what_main_says(make_api: Make):
    assert (await (await make_api()).get("/ready")).status_code == 200
    answer = await (await make_api(ready=False)).get("/ready")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_the_system_is_well_while_every_service_is_connected(
    api: Api, database: Database, client_id: str
):
    for service in ("scraper", "assigner", "notifier", "scheduler"):
        await database.connect(service)
    health = (await api.get("/admin/health")).json()
    parts = health["components"]
    assert parts["database"] == {"status": "ok", "message": "Connected, 1 total clients"}
    assert parts["email"] == {"status": "unknown", "message": "Not configured"}
    assert parts["kafka"] == {"status": "ok", "message": "1 broker"}
    services = ("gateway", "scraper", "assigner", "notifier", "scheduler")
    assert {name: parts[name]["status"] for name in services} == dict.fromkeys(services, "ok")
    assert health["status"] == "ok"
    assert health["timestamp"].endswith("Z")


async def test_a_service_without_a_session_is_down(api: Api):
    health = (await api.get("/admin/health")).json()
    assert health["status"] == "degraded"
    assert health["components"]["scraper"]["status"] == "down"
    assert health["components"]["scraper"]["message"].startswith("Not connected")


async def test_dead_letters_degrade_their_service(api: Api, admin: Connection, database: Database):
    await database.connect("notifier")
    await admin.execute(
        """insert into notifier.held_message
             (consumer, topic, partition, "offset", headers, raw_sha256, reason, error, state)
           values ('notifier', 'job.failed', 0, 1, '{}', '', 'bad', 'bad', 'dead')"""
    )
    part = (await api.get("/admin/health")).json()["components"]["notifier"]
    assert part["status"] == "degraded"
    assert "1 dead letters" in part["message"]


async def test_the_mail_server_is_greeted_and_nothing_is_sent(make_api: Make):
    heard: list[bytes] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ready\r\n")
        heard.append(await reader.read())
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        api = await make_api(smtp_server="127.0.0.1", smtp_port=port)
        email = (await api.get("/admin/health")).json()["components"]["email"]
    assert email == {
        "status": "ok",
        "message": f"127.0.0.1:{port} says: 220 mail.example ready",
    }
    assert heard in ([], [b"QUIT\r\n"])


async def test_a_silent_mail_server_holds_nobody_up(make_api: Make):
    silence = asyncio.Event()

    async def stay_silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silence.wait()
        writer.close()

    async with await asyncio.start_server(stay_silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        api = await make_api(smtp_server="127.0.0.1", smtp_port=port)
        async with asyncio.timeout(5):
            email = (await api.get("/admin/health")).json()["components"]["email"]
        silence.set()
    assert email == {"status": "down", "message": "No answer within 2 s"}


async def test_a_closed_mail_port_is_said(make_api: Make, unused_tcp_port: int):
    api = await make_api(smtp_server="127.0.0.1", smtp_port=unused_tcp_port)
    email = (await api.get("/admin/health")).json()["components"]["email"]
    assert email["status"] == "down"
    assert "ConnectionRefusedError" in email["message"]


async def test_without_postgresql_health_is_still_told(lonely: Api):
    health = (await lonely.get("/admin/health")).json()
    assert health["status"] == "degraded"
    assert {health["components"][name]["status"] for name in ("database", "scraper")} == {
        "down",
        "unknown",
    }
