"""Lists in pages: how much, from where, and the way on."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from litestar import Request, Response
from litestar.params import QueryParameter

from services.gateway.routes.answer import Answer

A = TypeVar("A")

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="At most so many")]
Offset = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="After so many")]


def page(
    request: Request[Any, Any, Any], found: Sequence[A], *, limit: int, offset: int
) -> Response[list[A]]:
    """The answer of a list of which one more than `limit` was looked for."""
    headers = next_link(request, limit=limit, offset=offset, more=len(found) > limit)
    return Answer(list(found[:limit]), headers=headers)


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
