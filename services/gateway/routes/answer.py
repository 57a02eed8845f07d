"""An answer of one JSON value, written without Litestar's second look at its headers."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.response.base import ASGIResponse
from litestar.types import Send
from msgspec import json

BODILESS: Final = (204, 304)
LITESTARS: Final = ("background", "cookies", "headers")
"""What a route declares beside its value; what else is given, as encoders, no value of ours needs."""


class Answer(Response[Any]):
    """What a handler returned, as JSON."""

    def to_asgi_response(
        self, app: Any, request: Request[Any, Any, Any], **given: Any
    ) -> ASGIResponse:
        """Ours where it is a value with headers; with cookies, or without a body, Litestar's."""
        media_type = self.media_type or given.get("media_type") or MediaType.JSON
        status = self.status_code or given.get("status_code") or 200
        beside = self.cookies or any(given.get(name) for name in LITESTARS)
        if media_type != MediaType.JSON or status in BODILESS or beside:
            return super().to_asgi_response(app, request, **given)
        return Encoded(status, json.encode(self.content), self.headers)


class Encoded(ASGIResponse):
    """A body whose headers are known."""

    def __init__(self, status: int, body: bytes, beside: Mapping[str, str]) -> None:
        self.status_code, self.body, self.beside = status, body, beside
        self.background, self.is_head_response = None, False

    async def start_response(self, send: Send) -> None:
        """Say all but the body."""
        length = str(len(self.body)).encode("ascii")
        beside = [(k.lower().encode("ascii"), v.encode("latin-1")) for k, v in self.beside.items()]
        headers = [(b"content-type", b"application/json"), (b"content-length", length), *beside]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
