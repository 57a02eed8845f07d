"""Sessions of the console: a cookie that says nothing, a row that says whose it is.

The key that opened a session is looked at with each request: one that is revoked, or configured no
more, ends its sessions at once, on every replica.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from libs.common import postgres
from libs.common.postgres import Connection
from services.gateway.repository.api_keys import Scope
from services.gateway.repository.console import sessions
from services.gateway.routes.keys import Door, Principal, remember
from services.gateway.routes.ports import Reading
from services.gateway.settings import GatewaySettings

AnyConnection = ASGIConnection[Any, Any, Any, Any]

TOKEN_BYTES: Final = 32
COOKIE: Final = "trackimmo-console"
SECURE_COOKIE: Final = "__Host-trackimmo-console"
"""A browser takes it from this very host only, over https."""
LIFE_SECONDS: Final = 12 * 3600
LOOK_SECONDS: Final = 4.0
STATE: Final = "console_session"
ADMIN: Final[frozenset[Scope]] = frozenset({"admin"})


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """An operator who has signed in."""

    token_hash: bytes
    name: str
    """What the audit calls the key."""
    csrf: str
    """What a form of this session carries; nobody knows it who does not hold the cookie."""
    is_handed_out: bool = False
    """Whether its key is one of our list, which may be revoked while we run."""
    flash: Mapping[str, Any] | None = None


def new_token() -> str:
    """A token that nobody has had."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def csrf_of(token: str) -> str:
    """Derived from the token, which cannot be told from it."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def cookie_name(settings: GatewaySettings) -> str:
    """By whether people reach us over https."""
    return SECURE_COOKIE if is_secure(settings) else COOKIE


def is_secure(settings: GatewaySettings) -> bool:
    """Whether people reach us over https."""
    return settings.public_base_url.startswith("https://")


def cookie(settings: GatewaySettings, token: str) -> Cookie:
    """The cookie that holds a token; without one, the end of the cookie.

    Lax: a link in a mail that leads to the console finds the operator signed in; what acts is a POST,
    which brings no Lax cookie from elsewhere.
    """
    return Cookie(
        key=cookie_name(settings),
        value=token,
        max_age=LIFE_SECONDS if token else 0,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure(settings),
    )


def token_of(connection: AnyConnection, settings: GatewaySettings) -> str:
    """What the cookie holds, or nothing."""
    return connection.cookies.get(cookie_name(settings), "")


async def recall(
    connection: AnyConnection, database: Connection, token: str, door: Door, *, is_use: bool
) -> Session | None:
    """The session of a token, remembered for the rest of the request, if its key is still in force."""
    row = await sessions.find(database, digest(token), is_use=is_use)
    if row is None or not (row.handed_out or _is_configured(row, door)):
        return None
    session = Session(
        token_hash=digest(token),
        name=row.actor,
        csrf=csrf_of(token),
        is_handed_out=row.handed_out,
        flash=row.flash,
    )
    remember(connection.scope, Principal(row.key_hash, row.actor, ADMIN))
    connection.scope["state"][STATE] = session
    return session


async def ended(reading: Reading, session: Session) -> None:
    """Wait until a session is over: a page that follows what moves is to hear no more of it then."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        with suppress(*postgres.FAILED):  # away: what is followed stands still too
            async with reading() as database:
                row = await sessions.find(database, session.token_hash, is_use=False)
            if row is None or row.handed_out != session.is_handed_out:
                return


def present(connection: AnyConnection) -> Session | None:
    """Who has signed in, as `recall` found."""
    found = connection.scope["state"].get(STATE)
    return found if isinstance(found, Session) else None


def _is_configured(row: sessions.Row, door: Door) -> bool:
    return any(hmac.compare_digest(row.key_hash, who.key_hash) for who in door.configured.values())
