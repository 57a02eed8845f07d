"""An answer of one JSON value, written without Litestar's second look at its headers."""

from typing import Any, Final

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.response.base import ASGIResponse
from litestar.types import Send
from msgspec import json

BODILESS: Final = (204, 304)


class Answer(Response[Any]):
    """What a handler returned, as JSON."""

    def to_asgi_response(
        self, app: Any, request: Request[Any, Any, Any], **given: Any
    ) -> ASGIResponse:
        """Ours where it is a value alone; with headers or cookies, or without a body, Litestar's."""
        plain = self.media_type == MediaType.JSON and self.status_code not in BODILESS
        if not plain or self.headers or any(given.values()):
            return super().to_asgi_response(app, request, **given)
        return Encoded(self.status_code or 200, json.encode(self.content))


class Encoded(ASGIResponse):
    """A body whose headers are known."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status_code, self.body = status, body
        self.background, self.is_head_response = None, False

    async def start_response(self, send: Send) -> None:
        """Say all but the body."""
        length = str(len(self.body)).encode("ascii")
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
