"""A client's criteria as a form: registered or changed by the interface's own rules."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from litestar import Response, get, post
from litestar.response import Redirect
from litestar.types import HTTPScope

from services.gateway.repository import cities, clients
from services.gateway.repository.cities import City
from services.gateway.repository.clients import Client
from services.gateway.repository.console import client as whole
from services.gateway.repository.console.client import ChosenCity
from services.gateway.routes import client_changes
from services.gateway.routes import clients as registering
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.clients import etag
from services.gateway.routes.console import forms
from services.gateway.routes.console.act import SEE_OTHER, called, say
from services.gateway.routes.console.clients import PATH
from services.gateway.routes.console.visit import Visit, Visited, shown
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.registration import INSEE_CODE
from services.gateway.routes.values import PathId, fold, identifier

Fields = Mapping[str, Sequence[str]]

TEXTS: Final = (
    "first_name", "last_name", "email", "company_name", "telephone", "locale", "subscription_type",
    "status", "send_day", "addresses_per_report",
)  # fmt: skip
LISTS: Final = ("chosen_cities", "property_type_preferences")
MAY_BE_EMPTY: Final = frozenset({"company_name", "telephone", "addresses_per_report"})
NUMBERS: Final = frozenset({"send_day", "addresses_per_report"})
MOST_MATCHES: Final = 12
TAKEN, CHANGED, INVALID = 409, 412, 422
BLANK: Final[Fields] = {
    "locale": ["fr"],
    "subscription_type": ["pro"],
    "status": ["active"],
    "property_type_preferences": ["house", "apartment"],
}
"""What a new form says already."""


class Wrong(msgspec.Struct, frozen=True):
    """What is wrong with a field: a word of ours, and what the interface says."""

    word: str
    detail: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The form as it is filled in."""

    given: Mapping[str, str]
    kinds: Sequence[str]
    chosen: Sequence[ChosenCity]
    city: str
    """The name that was looked for."""
    matches: Sequence[City]
    wrong: Mapping[str, Wrong]
    """By field; under nothing what concerns the whole."""
    version: str


@get("/clients/new")
async def new_client(visit: Visited) -> Response[bytes]:
    """The form of a client to be."""
    return await _form(visit, None, BLANK)


@post("/clients/new")
async def register(visit: Visited) -> Response[Any]:
    """Register, and go to the new client; or say beside the fields what is wrong."""
    given = await forms.fields(visit.request)
    if _looks_for_a_city(given):
        return await _form(visit, None, given)
    try:
        answer = await called(visit, registering.register_client, {"data": _body(given)})
    except Refusal as refusal:
        return await _form(visit, None, given, _wrong(refusal), status=refusal.status_code)
    await say(visit, "registered")
    return _to(answer.headers["Location"].removeprefix("/api/clients"))


@get("/clients/{client_id:str}/edit")
async def edit_client(visit: Visited, client_id: PathId) -> Response[bytes]:
    """The form of a client who is there."""
    client = await _client(visit, client_id)
    return await _form(visit, client, _fields(client))


@post("/clients/{client_id:str}/edit")
async def change(visit: Visited, client_id: PathId) -> Response[Any]:
    """Change a client, unless somebody else has meanwhile."""
    given = await forms.fields(visit.request)
    client = await _client(visit, client_id)
    if _looks_for_a_city(given):
        return await _form(visit, client, given)
    try:
        asked = {"client_id": client_id, "data": _body(given)}
        knowing = _knowing(visit, _last("version", given))
        await called(knowing, client_changes.change_client, asked)
    except Refusal as refusal:
        return await _form(visit, client, given, _wrong(refusal), status=refusal.status_code)
    await say(visit, "changed")
    return _to(f"/{client.id}")


async def _client(visit: Visit, client_id: str) -> Client:
    wanted = identifier(client_id, "client_id")
    async with visit.ports.reading() as connection:
        client = await clients.find(connection, wanted)
    if client is None:
        raise unknown(f"Client {wanted} not found")
    return client


def _to(path: str) -> Response[Any]:
    return Redirect(PATH + path, status_code=SEE_OTHER)


def _looks_for_a_city(given: Fields) -> bool:
    return "find" in given or bool("".join(given.get("city", ())).strip())


def _body(given: Fields) -> dict[str, Any]:
    texts = {name: _value(name, given) for name in TEXTS}
    return {**texts, **{name: list(given.get(name, ())) for name in LISTS}}


def _value(name: str, given: Fields) -> str | int | None:
    text = _last(name, given)
    if not text and name in MAY_BE_EMPTY:
        return None
    is_number = name in NUMBERS and text.isdecimal() and text.isascii()
    return int(text[:9]) if is_number else text


def _last(name: str, given: Fields) -> str:
    return given[name][-1].strip() if given.get(name) else ""


def _knowing(visit: Visit, version: str) -> Visit:
    """The visit as of somebody who says which version was read."""
    scope = visit.request.scope
    headers = [*scope["headers"], (b"if-match", version.encode("ascii", "replace"))]
    request = StrictRequest(cast(HTTPScope, {**scope, "headers": headers}))
    return msgspec.structs.replace(visit, request=request)


def _wrong(refusal: Refusal) -> dict[str, Wrong]:
    if refusal.status_code == INVALID and refusal.faults:
        return {
            (field := fault.pointer.split("/")[1]): Wrong(f"wrong_{field}", fault.detail)
            for fault in reversed(refusal.faults)
        }
    if refusal.status_code == TAKEN:
        return {"email": Wrong("wrong_taken", refusal.detail)}
    if refusal.status_code == CHANGED:
        return {"": Wrong("wrong_changed", refusal.detail)}
    raise refusal


def _fields(client: Client) -> Fields:
    texts = {name: [str(value)] for name in TEXTS if (value := getattr(client, name)) is not None}
    return {**texts, **{name: getattr(client, name) for name in LISTS}}


async def _form(
    visit: Visit,
    client: Client | None,
    given: Fields,
    wrong: Mapping[str, Wrong] | None = None,
    *,
    status: int = 200,
) -> Response[bytes]:
    city = _last("city", given)[:100]
    async with visit.ports.reading() as connection:
        codes = [code for code in given.get(LISTS[0], ()) if INSEE_CODE.fullmatch(code)]
        chosen = await whole.cities(connection, list(dict.fromkeys(codes)))
        matches = await cities.search(connection, fold(city), MOST_MATCHES) if fold(city) else []
    draft = Draft(
        given={name: _last(name, given) for name in TEXTS},
        kinds=given.get(LISTS[1], ()),
        chosen=chosen,
        city=city,
        matches=[each for each in matches if each.insee_code not in {c.insee_code for c in chosen}],
        wrong=wrong or {},
        version=etag(client) if client else "",
    )
    default = visit.ports.settings.default_addresses_per_report
    return await shown(
        visit,
        "console/client_form.html",
        "clients",
        status=status,
        client=client,
        draft=draft,
        default=default,
    )


PAGES: Final = (new_client, register, edit_client, change)
