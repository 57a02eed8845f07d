"""Keys: who may call /api and /admin."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, cast

import msgspec
from litestar import Request
from litestar.types import ASGIApp, Receive, Scope, Send

from services.gateway.domain import secret
from services.gateway.repository.api_keys import Known
from services.gateway.repository.api_keys import Scope as KeyScope
from services.gateway.routes.problems import Refusal

API_HEADER: Final = "X-API-Key"
ADMIN_HEADER: Final = "X-Admin-Key"


class Principal(msgspec.Struct, frozen=True):
    """Who asks: the key's hash, what operators call it, what it opens."""

    key_hash: bytes
    prefix: str
    """The first signs of a key that was handed out; `env:api` or `env:admin` for the configured."""
    scopes: frozenset[KeyScope]


Admit = Callable[[Scope], Awaitable[Principal]]
"""Who brings a key that opens this door, or a refusal."""
Find = Callable[[str], Awaitable[Sequence[Known]]]
"""The keys in force that begin so."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the interface: what opens it, in which headers."""

    scope: KeyScope
    configured: dict[str, Principal]
    """By header."""


def api_door(api_key: str) -> Door:
    """Opens to keys of clients in X-API-Key."""
    return Door(scope="client", configured={API_HEADER: _configured("env:api", api_key, "client")})


def admin_door(admin_api_key: str, api_key: str) -> Door:
    """Opens to keys of operators; where none is configured the API key is one, in either header."""
    if admin_api_key:
        admin = _configured("env:admin", admin_api_key, "admin")
        return Door(scope="admin", configured={ADMIN_HEADER: admin})
    both = _configured("env:api", api_key, "client", "admin")
    return Door(scope="admin", configured={ADMIN_HEADER: both, API_HEADER: both})


def _configured(name: str, key: str, *scopes: KeyScope) -> Principal:
    return Principal(_digest(key.encode("utf-8", "surrogateescape")), name, frozenset(scopes))


def keeper(door: Door, find: Find) -> Admit:
    """Who stands at a door. A configured key is compared in memory, others are looked up."""
    expected = {name.lower().encode("ascii"): who for name, who in door.configured.items()}
    headers = " or ".join(door.configured)
    challenge = {
        "WWW-Authenticate": ", ".join(f'ApiKey header="{name}"' for name in door.configured)
    }
    refusal = f"Send your key in the header {headers}: it is missing or wrong"

    async def admit(scope: Scope) -> Principal:
        # Of a header that is said many times the last counts: one request is not to be many guesses.
        sent = {name: value for name, value in scope["headers"] if name in expected}
        for name, value in sent.items():
            if hmac.compare_digest(_digest(value), expected[name].key_hash):
                return expected[name]
        for value in sent.values():
            if (who := await _handed_out(value, find)) and door.scope in who.scopes:
                return who
        raise Refusal(401, refusal, headers=challenge)

    return admit


async def _handed_out(value: bytes, find: Find) -> Principal | None:
    key = value.decode("latin-1")
    if not secret.is_whole(key):
        return None
    key_hash, found = _digest(value), None
    for known in await find(secret.prefix(key)):
        if hmac.compare_digest(known.key_hash, key_hash):
            found = Principal(key_hash, secret.prefix(key), frozenset(known.scopes))
    return found


def locked(admit: Admit) -> Callable[[ASGIApp], ASGIApp]:
    """A middleware that lets in who brings a key."""

    def around(app: ASGIApp) -> ASGIApp:
        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            remember(scope, await admit(scope))
            await app(scope, receive, send)

        return enter

    return around


def remember(scope: Scope, who: Principal) -> None:
    """Let the rest of the request know who asks."""
    scope["state"]["principal"] = who


def principal(request: Request[Any, Any, Any]) -> Principal:
    """Who asks."""
    return cast(Principal, request.scope["state"]["principal"])


def caller(request: Request[Any, Any, Any]) -> bytes:
    """Who asks, as a hash; of a page that needs no key, whoever holds its link."""
    who = request.scope["state"].get("principal")
    return who.key_hash if who else _digest(request.scope["path"].encode())


def _digest(key: bytes) -> bytes:
    """Equal in length whatever was sent, so that comparing tells nothing."""
    return hashlib.sha256(key).digest()
