"""What the stack runs and what it tells its services, from the environment and DATA_DIR."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from deploy.local import postgres
from deploy.local.ports import free_port, is_free
from deploy.local.spec import StepError

SERVICES: Final = ("gateway", "scraper", "assigner", "notifier", "scheduler")
SERVERS: Final = ("postgres", "broker", "mail", "simulator")
HIGHEST_PORT: Final = 65535
KEYS: Final = ("API_KEY", "ADMIN_API_KEY", "SECRET_KEY")
PUBLIC_GEOCODER: Final = "https://data.geopf.fr/geocodage"
REPLACED_BY: Final = {
    "DATABASE_URL": "postgres",
    "KAFKA_BOOTSTRAP_SERVERS": "broker",
    "SMTP_SERVER": "mail",
}
"""Whoever names the one in the environment gets no embedded other."""


class Stack(msgspec.Struct, kw_only=True, frozen=True):
    """One stack: its folder, its own servers, and where everything answers."""

    data_dir: Path
    embedded: frozenset[str]
    ports: Mapping[str, int]
    environ: Mapping[str, str]
    """What every service gets; `service_environment` adds what is its own."""

    @property
    def admin_url(self) -> str:
        """The database as a role that may make roles and schemas."""
        if "postgres" in self.embedded:
            return _embedded_url(self.ports)
        return self.environ.get("MIGRATE_DATABASE_URL") or self.environ["DATABASE_URL"]

    @property
    def password(self) -> str:
        """With which the services log in, where the database asks for one."""
        return unquote(urlsplit(self.environ["DATABASE_URL"]).password or "")

    @property
    def bootstrap_servers(self) -> str:
        return self.environ["KAFKA_BOOTSTRAP_SERVERS"]

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['gateway']}"

    def service_environment(self, service: str) -> dict[str, str]:
        """The environment of a service: its own role, its own port for metrics."""
        return {
            **self.environ,
            "DATABASE_URL": _as_role(self.environ["DATABASE_URL"], service),
            "METRICS_PORT": str(self.ports[f"{service}.metrics"]),
            "PYTHONUNBUFFERED": "1",
        }


def resolve(environ: Mapping[str, str] = os.environ) -> Stack:
    """The stack that this environment asks for. Whatever it sets is kept."""
    folder = data_dir(environ)
    given = {name: value for name, value in environ.items() if value}
    embedded = _embedded(given)
    ports = _ports(given)
    told = {**_defaults(embedded, ports), **_keys(folder, given), **given}
    if environ.get("GEOCODER_URL") == "":  # of this one, empty says: ask nobody
        told["GEOCODER_URL"] = ""
    elif given.get("LIVE") == "1":
        told.setdefault("GEOCODER_URL", PUBLIC_GEOCODER)
    told |= {"DATA_DIR": str(folder), "GATEWAY_PORT": str(ports["gateway"])}
    if "simulator" in embedded:  # whatever else may be reached
        told["EGRESS_ALLOW"] = f"{_simulator(ports)} {given.get('EGRESS_ALLOW', '')}".strip()
    return Stack(data_dir=folder, embedded=embedded, ports=ports, environ=told)


def data_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of everything that stays, there when this returns."""
    folder = Path(environ.get("DATA_DIR") or "var").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _embedded_url(ports: Mapping[str, int]) -> str:
    # dbmate insists on TLS unless told otherwise.
    return postgres.url(ports["postgres"]) + "?sslmode=disable"


def _embedded(given: Mapping[str, str]) -> frozenset[str]:
    replaced = {server for name, server in REPLACED_BY.items() if name in given}
    if {"SALES_SOURCES", "PLACES_URL"} <= given.keys() or given.get("LIVE") == "1":
        replaced.add("simulator")
    return frozenset(SERVERS) - replaced


def _ports(given: Mapping[str, str]) -> dict[str, int]:
    wanted = _port(given.get("GATEWAY_PORT", "8000"))
    gateway = wanted if "GATEWAY_PORT" in given or is_free(wanted) else free_port()
    others = (*SERVERS, *(f"{service}.metrics" for service in SERVICES))
    return {"gateway": gateway, **{name: free_port() for name in others}}


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) <= HIGHEST_PORT:
        return int(text)
    raise StepError(f"GATEWAY_PORT is no port: {text!r} (for example 8000).")


def _simulator(ports: Mapping[str, int]) -> str:
    return f"127.0.0.1:{ports['simulator']}"


def _defaults(embedded: frozenset[str], ports: Mapping[str, int]) -> dict[str, str]:
    simulator = f"http://{_simulator(ports)}"
    by_server = {
        "postgres": {"DATABASE_URL": _embedded_url(ports)},
        "broker": {
            "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{ports['broker']}",
            "KAFKA_IDEMPOTENCE": "false",
        },
        "mail": {
            "SMTP_SERVER": "127.0.0.1",
            "SMTP_PORT": str(ports["mail"]),
            "SMTP_SECURITY": "none",
        },
        "simulator": {
            "SALES_SOURCES": f"geo-dvf={simulator}/geo-dvf/{{year}}/communes/{{department}}/{{insee}}.csv",
            "PLACES_URL": f"{simulator}/geo",
            "GEOCODER_URL": f"{simulator}/geocodage",
        },
    }
    told = {name: value for server in embedded for name, value in by_server[server].items()}
    return {
        **told,
        "API_BASE_URL": f"http://127.0.0.1:{ports['gateway']}",
        "CTO_EMAIL": "cto@trackimmo.test",
        "EMAIL_SENDER": "trackimmo@trackimmo.test",
    }


def _keys(data_dir: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The keys that nobody gave: invented once, and the same ever after."""
    path = data_dir / "keys.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    invented = {name: secrets.token_urlsafe(32) for name in KEYS if name not in {*given, *kept}}
    if invented:
        kept |= invented
        write_private(path, json.dumps(kept, indent=2) + "\n")
    return kept


def write_private(path: Path, text: str) -> None:
    """The file complete or as it was, for its owner's eyes only."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)


def _as_role(url: str, role: str) -> str:
    parts = urlsplit(url)
    _, at, host = parts.netloc.rpartition("@")
    _, colon, password = parts.netloc[: -len(host) - len(at)].partition(":") if at else ("", "", "")
    return urlunsplit(parts._replace(netloc=f"{role}{colon}{password}@{host}"))
