"""Keys of the interface: made, shown this once, revoked."""

from typing import Annotated, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect

from services.gateway.repository import api_keys as kept
from services.gateway.routes import api_keys
from services.gateway.routes.console import forms
from services.gateway.routes.console.act import act, called, form, say
from services.gateway.routes.console.visit import Visit, Visited, shown
from services.gateway.routes.problems import Refusal
from services.gateway.routes.values import PathId

PATH: Final = "/console/keys"
PER_PAGE: Final = 50

Number = Annotated[int, QueryParameter(name="page", ge=1, le=10_000)]


@get("/keys")
async def list_keys(visit: Visited, number: Number = 1) -> Response[bytes]:
    """Fifty keys, the newest first, those that are revoked included."""
    return await _listed(visit, number)


@post("/keys", status_code=200)
async def create_key(visit: Visited) -> Response[bytes] | Redirect:
    """Make a key and show it, in this answer only: neither flash, nor log, nor row holds it."""
    given = await forms.fields(visit.request)
    data = {"name": given.get("name", [""])[-1], "scopes": list(given.get("scopes", ()))}
    try:
        answer = await called(visit, api_keys.create_api_key, {"data": data})
    except Refusal as refusal:
        detail = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in refusal.faults)
        await say(visit, f"created_{refusal.status_code}", "refused", is_done=False, detail=detail)
        return Redirect(PATH, status_code=303)
    made = answer.content
    if not isinstance(made, api_keys.CreatedApiKey):  # sent again: it was shown then
        await say(visit, "shown_before", is_done=False)
        return Redirect(PATH, status_code=303)
    return await _listed(visit, made=made)


@post("/keys/{key_id:str}/revoke")
async def revoke_key(visit: Visited, key_id: PathId) -> Redirect:
    """Revoke a key whose first signs were typed."""
    given = await form(visit)
    typed = given.get("confirmation")
    if not typed or typed != given.get("prefix"):
        await say(visit, "unconfirmed", is_done=False)
        return Redirect(PATH, status_code=303)
    return await act(visit, api_keys.revoke_api_key, back=PATH, said="revoked", key_id=key_id)


async def _listed(
    visit: Visit, number: int = 1, made: api_keys.CreatedApiKey | None = None
) -> Response[bytes]:
    offset = (number - 1) * PER_PAGE
    async with visit.ports.reading() as connection:
        found = await kept.newest(connection, limit=PER_PAGE + 1, offset=offset)
    return await shown(
        visit,
        "console/keys.html",
        "keys",
        made=made,
        keys=found[:PER_PAGE],
        newer=_path(number - 1) if number > 1 else "",
        older=_path(number + 1) if len(found) > PER_PAGE else "",
    )


def _path(number: int) -> str:
    return f"{PATH}?{urlencode({'page': number})}" if number > 1 else PATH


PAGES: Final = (list_keys, create_key, revoke_key)
