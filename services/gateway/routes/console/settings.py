"""The settings in use, the program that uses them, and how each part of the system is."""

import os
import platform
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit, urlunsplit

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from services.gateway.build import commit
from services.gateway.repository import readiness
from services.gateway.repository.console import access, topics
from services.gateway.routes import checks
from services.gateway.routes.console.visit import Visited, shown
from services.gateway.routes.health import VERSION
from services.gateway.routes.ports import Component, Ports
from services.gateway.settings import GatewaySettings

PAGES_OF: Final = {
    "dead_letters": "/console/dead-letters",
    "jobs": "/console/jobs",
    "kafka": "/console/topics",
    "mails": "/console/mails",
    "refreshes": "/console/cities",
    "schedule": "/console/schedule",
}
"""By the name of a part: where it is looked into."""
SECRET_WORDS: Final = ("key", "password", "secret")

Look = Annotated[bool, QueryParameter(name="look")]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as operators may see it: of a secret only whether it is set."""

    variable: str
    name: str
    value: str
    is_secret: bool
    is_set: bool
    source: Literal["environment", "default"]


@get("/settings")
async def show_settings(visit: Visited, *, look: Look = False) -> Response[bytes]:
    """With `look` the mail server and the bus are asked too, which may take two seconds."""
    ports = visit.ports
    parts = await (checks.components(ports) if look else _known_parts(ports))
    async with ports.reading() as connection:
        applied = await access.migrations(connection)
        server = await access.server_version(connection)
    return await shown(
        visit,
        "console/settings.html",
        "settings",
        settings=in_use(ports.settings, os.environ),
        parts=parts,
        pages=PAGES_OF,
        looked=look,
        version=VERSION,
        commit=commit(),
        python=platform.python_version(),
        server=server,
        applied=applied,
        lacking=sorted(readiness.MIGRATIONS - set(applied)),
    )


def in_use(settings: GatewaySettings, environ: Mapping[str, str]) -> list[Setting]:
    """Every setting of the gateway, in the order of their declaration."""
    return [
        _setting(field, getattr(settings, field.name), environ)
        for field in msgspec.structs.fields(GatewaySettings)
    ]


def _setting(field: msgspec.structs.FieldInfo, value: Any, environ: Mapping[str, str]) -> Setting:
    is_given = bool(environ.get(field.name.upper(), "").strip()) or value != field.default
    is_secret = any(word in field.name.split("_") for word in SECRET_WORDS)
    return Setting(
        variable=field.name.upper(),
        name=field.name,
        value="" if is_secret else _printed(value),
        is_secret=is_secret or (field.name == "database_url" and "://" not in value),
        is_set=value not in {"", None},
        source="environment" if is_given else "default",
    )


def _printed(value: Any) -> str:
    """As it is written in the environment; a URL without its password and its query."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if "://" not in text:
        return text
    parts = urlsplit(text)
    who, at, where = parts.netloc.rpartition("@")
    place = f"{who.partition(':')[0]}{at}{where}"
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


async def _known_parts(ports: Ports) -> Mapping[str, Component]:
    """What the database tells of every part: of the bus, what was seen at the last look."""
    return await checks.within(ports.reading, lambda: _bus_as_seen(ports))


async def _bus_as_seen(ports: Ports) -> Component:
    async with ports.reading() as connection:
        asked = await topics.asked(connection)
    if asked is None or asked.overdue:
        return Component(status="unknown", message="Nobody has asked it lately")
    if asked.silent:
        since = f"{asked.answered_at:%Y-%m-%d %H:%M:%S} UTC" if asked.answered_at else "the start"
        return Component(status="down", message=f"Has not answered since {since}: bring it back")
    return Component(status="ok", message=f"Answered at {asked.looked_at:%H:%M:%S} UTC")


PAGES: Final = (show_settings,)
