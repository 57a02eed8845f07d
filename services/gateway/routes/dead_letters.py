"""Dead letters: what no service could handle, tried again or laid aside by a person."""

import base64
import codecs
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath, QueryParameter

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.repository import dead_letters
from services.gateway.repository.dead_letters import FoundIn, HeldMessage, HeldState, Service
from services.gateway.routes.audited import record
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.noted import note
from services.gateway.routes.once import once
from services.gateway.routes.paging import Offset, page
from services.gateway.routes.ports import Given, Ports
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.values import PathId, identifier

OfService = Annotated[
    Service | None, QueryParameter(name="service", description="Only those of this service")
]
InState = Annotated[
    HeldState,
    QueryParameter(
        name="state", description="`dead`: the dead letters; the other states are their past"
    ),
]
Limit = Annotated[int, QueryParameter(ge=1, le=100, description="At most so many")]


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was held: what it is, why it is here, where it comes from.

    `raw` is its value (its first 65,536 bytes), as text where it is UTF-8, else in base64; `decoded`
    what it says as JSON, if it does.
    """

    id: UUID
    service: Service
    state: HeldState
    reason: str
    error: str
    topic: str
    partition: int
    offset: int
    key: str | None
    headers: Mapping[str, str]
    raw: str | None
    raw_encoding: Literal["text", "base64"]
    raw_bytes: int
    decoded: Any
    attempts: int
    replays: int
    next_attempt_at: datetime | None
    created_at: datetime
    updated_at: datetime
    age_seconds: float


class HeldAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a held message; `changed` is false for a request that was met already."""

    success: Literal[True] = True
    id: UUID
    service: Service
    state: Literal["waiting", "discarded"]
    changed: bool
    message: str


@get("/dead-letters", tags=["Dead letters"])
async def list_dead_letters(
    request: StrictRequest,
    ports: Given,
    *,
    service: OfService = None,
    held_state: InState = "dead",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response[list[DeadLetter]]:
    """Messages that could not be handled, the newest first."""
    async with ports.reading() as connection:
        found = await dead_letters.find(
            connection, service, held_state, limit=limit + 1, offset=offset
        )
    return page(request, [_shown(one) for one in found], limit=limit, offset=offset)


@post(
    "/dead-letters/{service:str}/{letter_id:str}/replay",
    tags=["Dead letters"],
    status_code=200,
    opt={"refuses": [404, 409]},
)
async def replay_dead_letter(
    service: FromPath[Service], letter_id: PathId, ports: Given, request: StrictRequest
) -> Response[HeldAnswer]:
    """Have a dead letter tried again at once by its service; one that waits already goes on waiting."""
    return await _settled(request, ports, service, identifier(letter_id, "letter_id"), "replay")


@post(
    "/dead-letters/{service:str}/{letter_id:str}/discard",
    tags=["Dead letters"],
    status_code=200,
    opt={"refuses": [404, 409]},
)
async def discard_dead_letter(
    service: FromPath[Service], letter_id: PathId, ports: Given, request: StrictRequest
) -> Response[HeldAnswer]:
    """Lay a held message aside for good: it is never tried again, and kept 90 days."""
    return await _settled(request, ports, service, identifier(letter_id, "letter_id"), "discard")


class Ending(msgspec.Struct, frozen=True):
    """What an operator wants of a message: its new state, from which states it comes, our words."""

    state: Literal["waiting", "discarded"]
    changes: frozenset[str]
    done: str
    again: str


Wish = Literal["replay", "discard"]
ENDINGS: Final[Mapping[Wish, Ending]] = {
    "replay": Ending(
        "waiting", frozenset({"dead"}), "Will be tried again at once", "Waits to be tried already"
    ),
    "discard": Ending(
        "discarded",
        frozenset({"dead", "waiting"}),
        "Will not be tried again",
        "Was discarded already",
    ),
}


async def _settled(
    request: StrictRequest, ports: Ports, service: Service, letter_id: UUID, wish: Wish
) -> Response[HeldAnswer]:
    async def settle(connection: Connection, _: Emit) -> HeldAnswer:
        ask = dead_letters.replay if wish == "replay" else dead_letters.discard
        found = await ask(connection, service, letter_id)
        answer = _answer(service, letter_id, ENDINGS[wish], found)
        target = f"{service}/{letter_id}"
        await record(connection, request, f"dead_letter.{wish}", target, changed=answer.changed)
        note(request, "dead_letter_settled", held_id=str(letter_id), service=service, wish=wish)
        return answer

    return await once(request, ports, settle)


def _answer(service: Service, letter_id: UUID, wanted: Ending, found: FoundIn | None) -> HeldAnswer:
    if found is None:
        raise unknown(f"The {service} holds no message {letter_id}")
    if found == "busy":
        detail = "The message is being tried at this moment; ask again"
        raise Refusal(409, detail, headers={"Retry-After": "1"})
    changed = found in wanted.changes
    if not changed and found != wanted.state:
        raise Refusal(409, f"The message is {found}: nothing can be done about it any more")
    return HeldAnswer(
        id=letter_id,
        service=service,
        state=wanted.state,
        changed=changed,
        message=wanted.done if changed else wanted.again,
    )


def _shown(message: HeldMessage) -> DeadLetter:
    raw, text = message.raw, _text(message.raw, whole=message.raw_bytes)
    is_text = raw is None or text is not None
    return DeadLetter(
        id=message.id,
        service=message.service,
        state=message.state,
        reason=message.reason,
        error=message.error,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=None if message.key is None else message.key.decode("utf-8", "replace"),
        headers={name: value.decode("utf-8", "replace") for name, value in message.headers},
        raw=text if is_text else base64.b64encode(raw or b"").decode(),
        raw_encoding="text" if is_text else "base64",
        raw_bytes=message.raw_bytes,
        decoded=_decoded(raw),
        attempts=message.attempts,
        replays=message.replays,
        next_attempt_at=message.next_attempt_at,
        created_at=message.created_at,
        updated_at=message.updated_at,
        age_seconds=message.age_seconds,
    )


def _text(raw: bytes | None, *, whole: int) -> str | None:
    """The value as text if it is; a sign cut in two at the end of what is shown does not matter."""
    try:
        decoder = codecs.getincrementaldecoder("utf-8")()
        return None if raw is None else decoder.decode(raw, final=len(raw) == whole)
    except UnicodeDecodeError:
        return None


def _decoded(raw: bytes | None) -> Any:
    try:
        return msgspec.json.decode(raw) if raw else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
