"""A service by itself: what it must be told, and what its log says."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from deploy.local.ports import free_port
from tests.support.database import Database
from tests.support.stack import until

NOWHERE = "127.0.0.1:1"
API_KEY = "key-of-the-tests-0123456789abcdef0123456789"


def environ(database: Database, service: str, folder: Path, **more: str) -> Mapping[str, str]:
    common = {
        "DATABASE_URL": database.url(service),
        "KAFKA_BOOTSTRAP_SERVERS": NOWHERE,
        "KAFKA_IDEMPOTENCE": "false",
        "METRICS_PORT": str(free_port()),
        "DATA_DIR": str(folder),
        "API_KEY": API_KEY,
        "ADMIN_API_KEY": "admin-key-of-the-tests-0123456789abcdef01",
        "SECRET_KEY": "secret-of-the-tests-0123456789abcdef012345",
        "API_BASE_URL": "http://127.0.0.1:1",
        "GATEWAY_PORT": str(free_port()),
        "SMTP_SERVER": "127.0.0.1",
        "SMTP_PORT": "1",
        "SMTP_SECURITY": "none",
        "EMAIL_SENDER": "TrackImmo <trackimmo@trackimmo.test>",
        "CTO_EMAIL": "cto@trackimmo.test",
        "PLACES_URL": "http://127.0.0.1:1",
        "EGRESS_ALLOW": "127.0.0.1",
    }
    return {**common, **more}


async def written(log: Path, words: str) -> None:
    """The log holds these words when this returns."""

    async def has_said() -> bool:
        return words in await asyncio.to_thread(log.read_text)

    await until(has_said, 60)
