"""Idempotency-Key: a request that is sent again has its effect once and its answer each time."""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from litestar import Response

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import idempotency
from services.gateway.repository.idempotency import Asked, Stored
from services.gateway.routes.answer import Answer
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.keys import caller
from services.gateway.routes.noted import say_noted
from services.gateway.routes.ports import Ports
from services.gateway.routes.problems import IN_FLIGHT, KEY_REUSED, Fault, Refusal, invalid

A = TypeVar("A")
Work: TypeAlias = Callable[[Connection, Emit], Awaitable[A | Response[A]]]
"""What a request does within its transaction; what it raises undoes it, and is not kept."""
Whom: TypeAlias = UUID | Callable[[A], UUID | None] | None
"""The client whom an answer concerns, or how the answer tells."""

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
PRINTABLE: Final = re.compile(r"[ -~]{1,255}")


class Replayed(Response[Any]):
    """An answer that was given before: whoever waits after `once` hands it on as it is."""


async def once(
    request: StrictRequest,
    ports: Ports,
    work: Work[A],
    *,
    client_id: Whom[A] = None,
    kept: Callable[[A], A] | None = None,
) -> Response[A]:
    """Do the work in one transaction, or say again what it answered under this Idempotency-Key.

    `client_id` is the client whom the answer concerns: an erasure forgets it. `kept` is the answer
    as it may be said again, where that is not the whole.
    """
    key = request.headers.get(HEADER)
    if key is None:
        async with ports.writing() as (connection, emit):
            answer = _answer(await work(connection, emit), request)
    else:
        answer = await _once(request, ports, work, _sane(key), client_id=client_id, kept=kept)
    say_noted(request)
    return answer


async def _once(
    request: StrictRequest,
    ports: Ports,
    work: Work[A],
    key: str,
    *,
    client_id: Whom[A],
    kept: Callable[[A], A] | None,
) -> Response[A]:
    asked, request_hash = _asked(request, key), await _hash(request)
    async with ports.writing() as (connection, emit):
        if not await idempotency.begin(connection, asked):
            detail = "This very request is being done: send it again in a second"
            raise Refusal(409, detail, headers=AT_ONCE, kind=IN_FLIGHT)
        if stored := await idempotency.find(connection, asked):
            return _again(stored, request_hash)
        answer = _answer(await work(connection, emit), request)
        stored = _stored(answer, request_hash, kept)
        if stored.status in WENT_WELL:
            whom = client_id(answer.content) if callable(client_id) else client_id
            await idempotency.store(connection, asked, stored, whom)
        return answer


WENT_WELL: Final = range(200, 300)
AT_ONCE: Final = {"Retry-After": "1"}


def _sane(key: str) -> str:
    if PRINTABLE.fullmatch(key):
        return key
    detail = "is not 1 to 255 printable ASCII characters"
    raise invalid(Fault(pointer=f"/{HEADER}", detail=detail, place="header"))


def _asked(request: StrictRequest, key: str) -> Asked:
    route = f"{request.method} {request.scope['path_template']}"
    who = caller(request)
    digest = hashlib.sha256(b"\0".join((who, route.encode(), key.encode()))).digest()
    lock = int.from_bytes(digest[:8], signed=True)
    return Asked(principal=who, route=route, key=key, lock=lock)


async def _hash(request: StrictRequest) -> bytes:
    """Of all that was asked: the ids in the path belong to it as well as the body."""
    scope = request.scope
    path = scope.get("raw_path") or scope["path"].encode()
    return hashlib.sha256(b"\0".join((path, scope["query_string"], await request.body()))).digest()


def _answer(given: A | Response[A], request: StrictRequest) -> Response[A]:
    if not isinstance(given, Response):
        given = Answer(given)
    given.status_code = given.status_code or request.route_handler.status_code
    return given


def _stored(
    answer: Response[Any], request_hash: bytes, kept: Callable[[Any], Any] | None
) -> Stored:
    content = kept(answer.content) if kept else answer.content
    body = b"" if content is None else msgspec.json.encode(content)
    headers: Mapping[str, str] = dict(answer.headers)
    return Stored(
        request_hash=request_hash, status=answer.status_code or 200, headers=headers, body=body
    )


def _again(stored: Stored, request_hash: bytes) -> Response[Any]:
    if stored.request_hash != request_hash:
        detail = "was sent before with another body or for another object"
        fault = Fault(pointer=f"/{HEADER}", detail=detail, place="header")
        raise Refusal(422, f"This {HEADER} {detail}", faults=(fault,), kind=KEY_REUSED)
    headers = {**stored.headers, REPLAYED: "true"}
    return Replayed(
        stored.body, status_code=stored.status, media_type="application/json", headers=headers
    )
