from typing import Any, cast

import httpx
import msgspec
import pytest
from litestar import Litestar, MediaType, Request, Response, delete, get
from litestar.datastructures import Cookie, ResponseHeader

from services.gateway.routes.answer import Answer


class Said(msgspec.Struct):
    words: str


@get("/value", sync_to_thread=False)
def value() -> Said:
    return Said("déjà")


@get("/beside", sync_to_thread=False, response_headers=[ResponseHeader(name="X-Beside", value="1")])
def beside() -> Said:
    return Said("with a header")


@get("/cookie", sync_to_thread=False, response_cookies=[Cookie(key="a", value="b")])
def cookie() -> Said:
    return Said("with a cookie")


@get("/text", sync_to_thread=False, media_type=MediaType.TEXT)
def text() -> str:
    return "plain"


@delete("/nothing", sync_to_thread=False)
def nothing() -> None:
    return None


@get("/perhaps", sync_to_thread=False)
def perhaps() -> Said | None:
    return None


@get("/tagged", sync_to_thread=False, status_code=202)
def tagged(request: Request[Any, Any, Any]) -> Response[Said]:
    return _answer_of(request)(Said("with a tag"), headers={"ETag": '"1"', "X-Beside": "é"})


@get("/named", sync_to_thread=False)
def named(request: Request[Any, Any, Any]) -> Response[Said]:
    return _answer_of(request)(Said("with a status"), status_code=203, headers={"ETag": '"1"'})


@get("/unchanged", sync_to_thread=False)
def unchanged(request: Request[Any, Any, Any]) -> Response[None]:
    return _answer_of(request)(None, status_code=304, headers={"ETag": '"1"'})


def _answer_of(request: Request[Any, Any, Any]) -> type[Response[Any]]:
    """Of the application under test: ours, or Litestar's."""
    return request.app.response_class or Response


ROUTES = (value, beside, cookie, text, nothing, perhaps, tagged, named, unchanged)


@pytest.mark.parametrize(
    "method, path",
    [("GET", "/value"), ("GET", "/beside"), ("GET", "/cookie"), ("GET", "/text"),
     ("DELETE", "/nothing"), ("GET", "/perhaps"), ("GET", "/tagged"), ("GET", "/named"),
     ("GET", "/unchanged")],
)  # fmt: skip
async def test_the_short_way_says_what_litestar_says(method: str, path: str):
    ours = await _ask(Litestar(ROUTES, response_class=Answer), method, path)
    litestars = await _ask(Litestar(ROUTES), method, path)
    assert ours.status_code == litestars.status_code
    assert ours.content == litestars.content
    assert sorted(ours.headers.raw) == sorted(litestars.headers.raw)


async def _ask(app: Litestar, method: str, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(cast(Any, app))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.request(method, path)
