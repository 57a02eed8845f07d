"""ETag, If-None-Match and If-Match: nobody reads twice what has not changed, or overwrites what has."""

import hashlib
from typing import Any, Final, TypeVar, cast

import msgspec
from litestar import Request, Response

from services.gateway.routes.answer import Answer
from services.gateway.routes.problems import Refusal

A = TypeVar("A")
AnyRequest = Request[Any, Any, Any]

REVALIDATE: Final = "private, no-cache"


def not_modified(request: AnyRequest, etag: str) -> bool:
    """Whether the caller holds this very state."""
    sent = {tag.removeprefix("W/") for tag in _tags(request, "If-None-Match")}
    return not sent.isdisjoint({etag, "*"})


def require_match(request: AnyRequest, etag: str) -> None:
    """Refuse (412) a caller who names another state than the present one."""
    sent = _tags(request, "If-Match")
    if sent and sent.isdisjoint({etag, "*"}):
        raise Refusal(412, "It has changed since you read it: read it again, then send If-Match")


def conditional(request: AnyRequest, content: A, etag: str) -> Response[A]:
    """The object with its ETag, or 304 for a caller who holds it."""
    headers = {"ETag": etag, "Cache-Control": REVALIDATE}
    if not_modified(request, etag):
        return Answer(cast(Any, None), status_code=304, headers=headers)
    return Answer(content, headers=headers)


def tag_of(content: object) -> str:
    """The ETag of what has no version: of the answer itself."""
    return f'"{hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:32]}"'


def _tags(request: AnyRequest, header: str) -> set[str]:
    given = ",".join(request.headers.getall(header, []))
    return {tag.strip() for tag in given.split(",") if tag.strip()}
