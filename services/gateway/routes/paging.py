"""Lists in pages: how much, from where, and the way on."""

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request
from litestar.params import QueryParameter

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="At most so many")]
Offset = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="After so many")]


def next_link(
    request: Request[Any, Any, Any], *, limit: int, offset: int, more: bool
) -> dict[str, str]:
    """The header that leads to the next page, with the caller's filters; none on the last page."""
    if not more:
        return {}
    given = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [pair for pair in given if pair[0] not in {"limit", "offset"}]
    query = urlencode([("limit", limit), ("offset", offset + limit), *kept])
    return {"Link": f'<{request.scope["path"]}?{query}>; rel="next"'}
