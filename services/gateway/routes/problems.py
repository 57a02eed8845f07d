"""Problem documents (RFC 9457): every refusal says what its caller can do about it."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, Literal

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

MEDIA_TYPE: Final = "application/problem+json"

Place = Literal["body", "query", "path", "header"]


class Fault(msgspec.Struct, frozen=True, kw_only=True, rename={"place": "in"}):
    """One thing that is wrong with the input."""

    pointer: str
    """JSON pointer into the body; of a query or path value its name."""
    detail: str
    place: Place = "body"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    trace_id: str
    errors: Sequence[Fault] = ()


class Kind(msgspec.Struct, frozen=True):
    """A kind of problem: its place in the catalogue and what it is called."""

    slug: str
    title: str
    advice: str

    @property
    def uri(self) -> str:
        """What a problem's `type` says: a page of ours that explains it."""
        return f"/docs/problems#{self.slug}"


KINDS: Final[Mapping[int, Kind]] = {
    400: Kind("not-json", "The body is not JSON", "Send one JSON object in UTF-8."),
    401: Kind("key-refused", "Key missing or wrong", "Send X-API-Key, for /admin X-Admin-Key."),
    404: Kind("unknown", "Not found", "Check the path, and the id in it."),
    405: Kind("method-not-allowed", "Method not allowed", "The Allow header lists the methods."),
    409: Kind("conflict", "Conflict", "Something that exists already stands against it."),
    412: Kind("changed", "Changed meanwhile", "Read it again; send its new ETag in If-Match."),
    413: Kind("too-large", "Body too large", "Send at most 1 MB."),
    415: Kind("media-type", "Unsupported media type", "Send Content-Type: application/json."),
    422: Kind("invalid-input", "Invalid input", "Each of `errors` names a field and its fault."),
    429: Kind("too-many", "Too many requests", "Try again after Retry-After seconds."),
    500: Kind("internal", "Internal error", "Ours. Tell us the trace_id; trying again may help."),
    503: Kind("unavailable", "Temporarily unavailable", "Try again after Retry-After seconds."),
}
"""What a status means unless a refusal says more; `/docs/problems` shows it."""

IN_FLIGHT: Final = Kind(
    "in-flight", "The same request is being done", "Send it again after Retry-After seconds."
)
KEY_REUSED: Final = Kind(
    "key-reused", "Idempotency-Key of another request", "Take a new key for each request."
)
WRONG_KEYS: Final = Kind(
    "too-many-wrong-keys", "Too many wrong keys", "Send the right key; it is let in at any time."
)
CATALOGUE: Final = (
    *KINDS.items(),
    (409, IN_FLIGHT),
    (422, KEY_REUSED),
    (429, WRONG_KEYS),
)
"""Every kind, with its status."""


class Refusal(HTTPException):
    """A request that we answer with a problem document of this status."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
        kind: Kind | None = None,
    ) -> None:
        super().__init__(detail=detail, status_code=status, headers=headers)
        self.faults = faults
        self.kind = kind


def invalid(*faults: Fault) -> Refusal:
    """The refusal of an input: its detail says the first fault and how many more there are."""
    first, more = faults[0], len(faults) - 1
    named = f"{first.pointer.lstrip('/') or 'The body'}: {first.detail}"
    return Refusal(422, f"{named} (and {more} more)" if more else named, faults=faults)


def unknown(what: str) -> Refusal:
    """The refusal of an id that names nothing."""
    return Refusal(404, what)


def unavailable(what: str) -> Refusal:
    """The refusal of a request that will do in a moment."""
    return Refusal(503, what, headers={"Retry-After": "5"})


def respond(
    request: Request[Any, Any, Any],
    status: int,
    detail: str,
    *,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
    kind: Kind | None = None,
) -> Response[bytes]:
    """The answer that carries a problem document."""
    kind = kind or KINDS.get(status) or Kind("http", HTTPStatus(status).phrase, "")
    problem = Problem(
        type=kind.uri,
        title=kind.title,
        status=status,
        detail=detail,
        instance=request.scope["path"],
        trace_id=request.scope["state"].get("trace_id", ""),
        errors=faults,
    )
    return Response(
        msgspec.json.encode(problem),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )
