"""Keys: who may call /api and /admin."""

import hashlib
import hmac
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from services.gateway.routes.problems import Refusal

API_HEADER: Final = "X-API-Key"
ADMIN_HEADER: Final = "X-Admin-Key"

Caller = ASGIConnection[Any, Any, Any, Any]


def api_guard(api_key: str) -> Guard:
    """Lets in who sends the API key in X-API-Key."""
    return _guard({API_HEADER: api_key})


def admin_guard(admin_api_key: str, api_key: str) -> Guard:
    """Lets in who sends the admin key; where none is set, the API key in either header."""
    if admin_api_key:
        return _guard({ADMIN_HEADER: admin_api_key})
    return _guard({ADMIN_HEADER: api_key, API_HEADER: api_key})


def _guard(keys: dict[str, str]) -> Guard:
    expected = {
        header: _digest(key.encode("utf-8", "surrogateescape")) for header, key in keys.items()
    }
    refusal = f"Send your key in the header {' or '.join(keys)}: it is missing or wrong"

    def admit(caller: Caller, _: BaseRouteHandler) -> None:
        matches = [
            hmac.compare_digest(_digest(_sent(caller, header)), digest)
            for header, digest in expected.items()
        ]
        if not any(matches):
            raise Refusal(401, refusal)

    return admit


def _sent(caller: Caller, header: str) -> bytes:
    """The very bytes of a header, which were read as Latin-1."""
    return caller.headers.get(header, "").encode("latin-1")


def _digest(key: bytes) -> bytes:
    """Equal in length whatever was sent, so that comparing tells nothing."""
    return hashlib.sha256(key).digest()
