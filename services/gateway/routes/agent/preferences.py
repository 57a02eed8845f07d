"""What the client wishes to receive, by the same rules as the interface."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog
from litestar import Response, get, post
from litestar.response import Redirect

from libs.common.postgres import Connection
from services.gateway.repository import cities, clients
from services.gateway.repository.agent import pauses
from services.gateway.repository.clients import Client
from services.gateway.routes import body, client_changes
from services.gateway.routes.agent.query import KINDS
from services.gateway.routes.agent.visitor import Opened, Visitor, is_partial, shown
from services.gateway.routes.client_changes import ClientChange
from services.gateway.routes.console import forms
from services.gateway.routes.page_answers import LinkError
from services.gateway.routes.problems import Refusal
from services.gateway.routes.values import fold

log = structlog.get_logger()

INVALID: Final = 422
MOST_SUGGESTIONS: Final = 8
MOST_WORDS: Final = 100
NUMBERS: Final = ("addresses_per_report", "send_day")
LONGEST_NUMBER: Final = 6
Change = Callable[[Client], Mapping[str, Any]]
"""What is to be different of a client, who is kept to the transaction."""


@get("/preferences", name="agent_preferences")
async def show_preferences(opened: Opened) -> Response[bytes]:
    """What the client wishes; with `q` the cities that it may wish besides."""
    return await _page(opened)


@post("/preferences", status_code=200, name="agent_change_preferences")
async def change_preferences(opened: Opened) -> Response[Any]:
    """Kinds, number, day and language, together."""
    given = await forms.fields(opened.request)
    wishes = _wishes(given)
    try:
        await _changed(opened, lambda _: wishes)
    except Refusal as refusal:
        return await _refused(opened, refusal, sent=wishes)
    return _back(opened, "saved")


@post("/preferences/cities", status_code=200, name="agent_change_cities")
async def change_cities(opened: Opened) -> Response[Any]:
    """One city more, or one less: not the last."""
    given = await forms.fields(opened.request)
    added, removed = _only(given, "add").upper(), _only(given, "remove").upper()

    def chosen(client: Client) -> Mapping[str, Any]:
        kept = [code for code in client.chosen_cities if code != removed]
        more = [added] if added and added not in kept else []
        return {"chosen_cities": [*kept, *more]}

    try:
        await _changed(opened, chosen)
    except Refusal as refusal:
        return await _refused(opened, refusal)
    return _back(opened, "saved", part="cities")


@post("/preferences/pause", status_code=200, name="agent_pause")
async def pause(opened: Opened) -> Response[Any]:
    """No deliveries from now on; one under way still comes."""
    client = await _changed(opened, _status("active", "inactive"), then=pauses.pause)
    return _back(opened, "paused" if client.status == "inactive" else "not_paused")


@post("/preferences/resume", status_code=200, name="agent_resume")
async def resume(opened: Opened) -> Response[Any]:
    """Deliveries again, for whoever has paused here; not for whom an operator has stopped."""
    async with opened.ports.reading() as connection:
        if not await pauses.is_paused(connection, opened.holder.client_id):
            return _back(opened, "not_resumed")
    await _changed(opened, _status("inactive", "active"))
    return _back(opened, "resumed")


def _status(before: str, after: str) -> Change:
    return lambda client: {"status": after} if client.status == before else {}


async def _changed(
    opened: Visitor,
    wishes: Change,
    *,
    then: Callable[[Connection, Any], Any] | None = None,
) -> Client:
    """The client after the change, or a refusal; by the rules of the interface."""
    async with opened.ports.writing() as (connection, emit):
        client = await clients.find_to_change(connection, opened.holder.client_id)
        if client is None:
            raise LinkError("gone", opened.locale)
        data = body.read(msgspec.json.encode(wishes(client)), ClientChange)
        changed = await client_changes.apply(connection, emit, client, data)
        if then and changed.status != client.status:
            await then(connection, client.id)
    if changed.version != client.version:
        log.info("client_changed", client_id=str(client.id), status=changed.status, by="page")
    return changed


def _wishes(given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was sent, as the interface wants it: numbers are numbers."""
    wishes: dict[str, Any] = {name: _number(_only(given, name)) for name in NUMBERS}
    wishes["locale"] = _only(given, "locale")
    wishes["property_type_preferences"] = list(given.get("kinds", ()))
    return wishes


def _number(said: str) -> int | str:
    digits = said.isascii() and said.isdigit() and len(said) <= LONGEST_NUMBER
    return int(said) if digits else said


def _only(given: Mapping[str, Sequence[str]], name: str) -> str:
    return given.get(name, ("",))[0].strip()


async def _refused(
    opened: Visitor, refusal: Refusal, *, sent: Mapping[str, Any] | None = None
) -> Response[bytes]:
    if refusal.status_code != INVALID:
        raise refusal
    wrong = frozenset(fault.pointer.split("/")[1] for fault in refusal.faults)
    return await _page(opened, status=INVALID, wrong=wrong, detail=refusal.detail, sent=sent)


async def _page(
    opened: Visitor,
    *,
    status: int = 200,
    wrong: frozenset[str] = frozenset(),
    detail: str = "",
    sent: Mapping[str, Any] | None = None,
) -> Response[bytes]:
    asked = opened.request.query_params
    words = " ".join(asked.get("q", "")[:MOST_WORDS].split())
    async with opened.ports.reading() as connection:
        client = await clients.find(connection, opened.holder.client_id)
        if client is None:
            raise LinkError("gone", opened.locale)
        found = (
            await cities.search(connection, fold(words), MOST_SUGGESTIONS) if fold(words) else []
        )
        if is_partial(opened.request) and "q" in asked:
            return shown(opened, "suggestions.html", client=client, words_sought=words, found=found)
        places = await cities.named(connection, client.chosen_cities, [])
        paused = await pauses.is_paused(connection, client.id)
        next_on = await pauses.next_delivery(connection, client.id)
    return shown(
        opened,
        "preferences.html",
        status=status,
        client=client,
        wished={name: getattr(client, name) for name in WISHED} | dict(sent or {}),
        names={place.insee_code: place.name for place in places},
        words_sought=words,
        found=found,
        kinds=KINDS,
        is_paused=paused,
        next_on=next_on,
        wrong=wrong,
        detail=detail,
        said=opened.said,
    )


WISHED: Final = (*NUMBERS, "locale", "property_type_preferences")


def _back(opened: Visitor, said: str, *, part: str = "") -> Redirect:
    anchor = f"#{part}" if part else ""
    return Redirect(f"{opened.path}/preferences?said={said}{anchor}", status_code=303)
