"""An inhabitant objects: the agent who heard it says so, and nobody is shown the address again."""

from typing import Any, Final

import structlog
from litestar import Response, post
from litestar.response import Redirect

from services.gateway.repository import audit, oppositions
from services.gateway.repository.agent import objections
from services.gateway.routes.agent.page import found_home, home_page
from services.gateway.routes.agent.query import query
from services.gateway.routes.agent.visitor import Opened
from services.gateway.routes.console import forms
from services.gateway.routes.values import PathId

log = structlog.get_logger()

MOST_A_DAY: Final = 20
"""Of one agent; who hears more writes to us."""
INVALID: Final = 422


@post("/homes/{address_id:str}/objection", status_code=200, name="agent_objection")
async def object_home(opened: Opened, address_id: PathId) -> Response[Any]:
    """Keep every home at this address off for everybody, as an operator does; the audit names the page."""
    row, _ = await found_home(opened, address_id)
    given = await forms.values(opened.request)
    if given.get("confirmation", "").strip().casefold() != opened.say.words["objection_typed"]:
        return await home_page(
            opened, address_id, status=INVALID, wrong=frozenset({"confirmation"})
        )
    actor = f"page of {opened.holder.client_id}"
    async with opened.ports.writing() as (connection, _):
        if await objections.told_lately(connection, actor) >= MOST_A_DAY:
            return await home_page(opened, address_id, status=429, said="objection_enough")
        asked = await oppositions.oppose(connection, row["address_raw"], row["insee_code"], actor)
        if asked.id is None:
            return await home_page(opened, address_id, status=INVALID, said="objection_refused")
        if asked.is_new:
            await audit.record(
                connection,
                actor=actor,
                action="opposition.create",
                target=str(asked.id),
                request_id=opened.request.scope["state"].get("request_id", ""),
            )
    log.info("opposition_made", opposition_id=str(asked.id), by="page")
    back = query(opened.request.query_params).string(said="objection_made")
    return Redirect(f"{opened.path}{back}", status_code=303)
