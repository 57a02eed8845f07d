"""The pages of the interface: every asset lies beside them, nothing comes from another host."""

import hashlib
import html
import mimetypes
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from services.gateway.routes import asyncapi_page
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.page import html_page
from services.gateway.routes.problems import CATALOGUE, unknown

FOLDER: Final = Path(__file__).resolve().parents[1] / "static" / "docs"

ASSETS: Final = frozenset(
    {
        "favicon.svg",
        "page.css",
        "redoc.standalone.js",
        "swagger-start.js",
        "swagger-ui-bundle.js",
        "swagger-ui.css",
    }
)


@get("/docs", include_in_schema=False, sync_to_thread=False)
def swagger() -> Response[bytes]:
    """Every operation, to be tried."""
    return html_page((FOLDER / "swagger.html").read_bytes())


@get("/redoc", include_in_schema=False, sync_to_thread=False)
def redoc() -> Response[bytes]:
    """Every operation, to be read."""
    return html_page((FOLDER / "redoc.html").read_bytes())


@get("/docs/problems", include_in_schema=False, sync_to_thread=False)
def problems() -> Response[bytes]:
    """What a problem's `type` leads to: the catalogue."""
    entries = "\n".join(
        f'<dt id="{kind.slug}">{status} {html.escape(kind.title)}</dt><dd>{html.escape(kind.advice)}</dd>'
        for status, kind in CATALOGUE
    )
    return html_page(PROBLEMS.format(entries=entries).encode())


PROBLEMS: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TrackImmo API: problems</title>
<link rel="icon" href="/docs/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/assets/page.css">
</head>
<body>
<main>
<h1>Problems</h1>
<p>Every refusal is an <code>application/problem+json</code>; its <code>type</code> names one of these.
<code>detail</code> says what happened, <code>trace_id</code> finds it in our logs.</p>
<dl>
{entries}
</dl>
</main>
</body>
</html>
"""


@get("/docs/assets/{name:str}", include_in_schema=False, sync_to_thread=True)
def asset(name: FromPath[str], request: StrictRequest) -> Response[bytes]:
    """A script, a style or the icon of the pages."""
    if name not in ASSETS:
        raise unknown(f"There is no asset {name[:60]!r}")
    content = (FOLDER / name).read_bytes()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "public, no-cache"}
    if request.headers.get("If-None-Match") == etag:
        return Response(b"", status_code=304, headers=headers)
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(content, media_type=media_type, headers=headers)


def document(describe: Callable[[], dict[str, Any]]) -> HTTPRouteHandler:
    """The route of the OpenAPI document, drawn when it is first asked for."""

    @cache
    def encoded() -> bytes:
        return msgspec.json.format(msgspec.json.encode(describe()))

    @get("/openapi.json", include_in_schema=False, sync_to_thread=True)
    def openapi_document() -> Response[bytes]:
        headers = {"Cache-Control": "no-cache"}
        return Response(encoded(), media_type=MediaType.JSON, headers=headers)

    return openapi_document


PAGES: Final = (swagger, redoc, problems, asset, asyncapi_page.events)
