"""What a service of a run is told: the settings of an ordinary stack, and the way to the proxies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from deploy.local import postgres
from deploy.local.ports import free_port

API_KEY: Final = "key-of-the-run-0123456789abcdef0123456789"
ADMIN_API_KEY: Final = "admin-key-of-the-run-0123456789abcdef0123"
SECRET_KEY: Final = "secret-of-the-run-0123456789abcdef012345678"
CTO: Final = "cto@trackimmo.test"


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything answers in a run."""

    bus: str
    kafka_port: int
    postgres_port: int
    smtp_port: int
    gateway_port: int
    database: str
    prefix: str
    sources: str
    places_url: str
    site: str
    """Host and port."""
    folder: Path


def environment(there: Addresses, service: str) -> Mapping[str, str]:
    """The whole environment of a service; each process gets a port of its own for its metrics."""
    gateway = f"http://127.0.0.1:{there.gateway_port}"
    return {
        "DATABASE_URL": postgres.url(there.postgres_port, service, there.database),
        "KAFKA_BOOTSTRAP_SERVERS": there.bus,
        "KAFKA_IDEMPOTENCE": "true",
        "KAFKA_VIA": f"127.0.0.1:{there.kafka_port}",
        "TOPIC_PREFIX": there.prefix,
        "DUPLICATES": str(there.folder / "duplicates"),
        "METRICS_PORT": str(free_port()),
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "json",
        "PYTHONUNBUFFERED": "1",
        "PATH": "/usr/bin:/bin",
        "TZ": "UTC",
        "DATA_DIR": str(there.folder / "data"),
        "API_KEY": API_KEY,
        "ADMIN_API_KEY": ADMIN_API_KEY,
        "SECRET_KEY": SECRET_KEY,
        "API_BASE_URL": gateway,
        "GATEWAY_PORT": str(there.gateway_port),
        "RATE_LIMIT_ENABLED": "false",
        "SMTP_SERVER": "127.0.0.1",
        "SMTP_PORT": str(there.smtp_port),
        "SMTP_SECURITY": "none",
        "EMAIL_SENDER": "TrackImmo <trackimmo@trackimmo.test>",
        "CTO_EMAIL": CTO,
        "MAIL_CONNECTIONS": "2",
        "SALES_SOURCES": there.sources,
        "PLACES_URL": there.places_url,
        "EGRESS_ALLOW": there.site,
    }
