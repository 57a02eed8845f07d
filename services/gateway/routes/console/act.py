"""Acting: a form calls the operation that the interface has, and its page says what came of it."""

import inspect
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
from litestar import Response
from litestar.datastructures import Headers
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect
from litestar.types import HTTPScope
from litestar.utils.scope.state import ScopeState

from services.gateway.repository.console import sessions
from services.gateway.routes.body import StrictRequest, read
from services.gateway.routes.console import forms
from services.gateway.routes.console.csrf import FIELD as CSRF
from services.gateway.routes.console.visit import ONCE, Visit
from services.gateway.routes.problems import Refusal

SEE_OTHER: Final = 303
LONGEST_DETAIL: Final = 500


async def form(visit: Visit) -> Mapping[str, str]:
    """The fields of this request's form, the last value of each, without the hidden ones."""
    given = await forms.values(visit.request)
    return {name: value for name, value in given.items() if name not in {CSRF, ONCE}}


async def act(
    visit: Visit, operation: HTTPRouteHandler, *, back: str, said: str, **arguments: Any
) -> Redirect:
    """Do what an operation of the interface does, by its own rules, and go back to a page.

    `said` is the word of its subject that tells of success, with the numbers of the answer in its
    blanks. Of a refusal tells `<said>_<status>` where the subject has it, else a word of every page.
    `data` may be a mapping: it is read as the body that the operation declares.
    """
    try:
        answer = await called(visit, operation, arguments)
    except Refusal as refusal:
        words, detail = _refused(refusal, said)
        await say(visit, *words, is_done=False, detail=detail)
    else:
        await say(visit, said, numbers=_numbers(answer))
    return Redirect(back, status_code=SEE_OTHER)


async def say(
    visit: Visit,
    *words: str,
    is_done: bool = True,
    numbers: Mapping[str, float] | None = None,
    detail: str = "",
) -> None:
    """Have the next page say the first of these words that it knows."""
    flash = {"words": words, "is_done": is_done, "numbers": numbers or {}, "detail": detail}
    async with visit.ports.reading() as connection:
        await sessions.say(connection, visit.session.token_hash, flash)


async def called(visit: Visit, operation: HTTPRouteHandler, arguments: dict[str, Any]) -> Any:
    """What an operation of the interface answers to this form; `Refusal` when it refuses."""
    function = operation.fn
    known = inspect.signature(function).parameters
    beside = {"ports": visit.ports, "request": await _once(visit)}
    given = {name: value for name, value in beside.items() if name in known} | arguments
    if isinstance(data := given.get("data"), Mapping):
        given["data"] = read(msgspec.json.encode(data), known["data"].annotation.__args__[0])
    return await function(**given)


async def _once(visit: Visit) -> StrictRequest:
    """The request with the form's mark as its Idempotency-Key: a double click is one effect."""
    given = await forms.values(visit.request)
    if not (mark := given.get(ONCE)):
        return visit.request
    scope = visit.request.scope
    headers = [*scope["headers"], (b"idempotency-key", mark.encode())]
    # A request reads its headers once and keeps them there.
    ScopeState.from_scope(scope).headers = Headers(headers)
    return StrictRequest(cast(HTTPScope, {**scope, "headers": headers}))


def _refused(refusal: Refusal, said: str) -> tuple[tuple[str, ...], str]:
    faults = [f"{fault.pointer.lstrip('/')}: {fault.detail}" for fault in refusal.faults]
    detail = "; ".join(faults) or refusal.detail
    words = (f"{said}_{refusal.status_code}", f"refused_{refusal.status_code}", "refused")
    return words, detail[:LONGEST_DETAIL]


def _numbers(answer: Any) -> dict[str, float]:
    """The counts of an answer; no names, since a flash is kept for a while."""
    content = answer.content if isinstance(answer, Response) else answer
    if isinstance(content, bytes) and content[:1] == b"{":  # said before, and said again
        content = msgspec.json.decode(content)
    facts = msgspec.to_builtins(content) if content is not None else {}
    if not isinstance(facts, dict):
        return {}
    return {name: value for name, value in facts.items() if type(value) in {int, float}}
