"""/assets: scripts, styles and pictures of the pages, from a fixed table."""

from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from services.gateway.pages import assets
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.problems import unknown

FOR_GOOD: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "public, no-cache"
NOT_MODIFIED: Final = 304


@get("/assets/{name:path}", include_in_schema=False, sync_to_thread=False)
def asset(name: FromPath[str], request: StrictRequest) -> Response[bytes]:
    """An asset; whoever asks with its fingerprint keeps it for good."""
    found = assets.table().get(name.lstrip("/"))
    if found is None:
        raise unknown(f"There is no asset {name[:60]!r}")
    packed = "gzip" in request.headers.get("Accept-Encoding", "") and found.gzipped
    etag = f'"{found.fingerprint}{"-gzip" if packed else ""}"'
    is_exact = request.query_params.get("v") == found.fingerprint
    headers = {
        "ETag": etag,
        "Cache-Control": FOR_GOOD if is_exact else ASK_AGAIN,
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("If-None-Match") == etag:
        return Response(b"", status_code=NOT_MODIFIED, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(packed or found.content, media_type=found.media_type, headers=headers)
