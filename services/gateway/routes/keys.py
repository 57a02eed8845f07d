"""Keys: who may call /api and /admin."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from litestar.types import ASGIApp, Receive, Scope, Send

from services.gateway.routes.problems import Refusal

API_HEADER: Final = "X-API-Key"
ADMIN_HEADER: Final = "X-Admin-Key"

Admit = Callable[[Scope], bytes]
"""The hash of the key that a request brings, or a refusal."""


def api_keys(api_key: str) -> Admit:
    """Lets in who sends the API key in X-API-Key."""
    return _keys({API_HEADER: api_key})


def admin_keys(admin_api_key: str, api_key: str) -> Admit:
    """Lets in who sends the admin key; where none is set, the API key in either header."""
    if admin_api_key:
        return _keys({ADMIN_HEADER: admin_api_key})
    return _keys({ADMIN_HEADER: api_key, API_HEADER: api_key})


def locked(admit: Admit) -> Callable[[ASGIApp], ASGIApp]:
    """A middleware that lets in who brings a key."""

    def around(app: ASGIApp) -> ASGIApp:
        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            admit(scope)
            await app(scope, receive, send)

        return enter

    return around


def _keys(keys: dict[str, str]) -> Admit:
    expected = {
        header.lower().encode("ascii"): _digest(key.encode("utf-8", "surrogateescape"))
        for header, key in keys.items()
    }
    refusal = f"Send your key in the header {' or '.join(keys)}: it is missing or wrong"

    def admit(scope: Scope) -> bytes:
        for name, value in scope["headers"]:
            if name in expected:
                sent = _digest(value)
                if hmac.compare_digest(sent, expected[name]):
                    return sent
        raise Refusal(401, refusal)

    return admit


def _digest(key: bytes) -> bytes:
    """Equal in length whatever was sent, so that comparing tells nothing."""
    return hashlib.sha256(key).digest()
