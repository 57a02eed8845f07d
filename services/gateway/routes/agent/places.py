"""The map of the list."""

from typing import Final

from litestar import Response, get

from services.gateway.repository.agent import homes
from services.gateway.routes.agent.query import query
from services.gateway.routes.agent.visitor import Opened
from services.gateway.routes.map_answer import drawn, map_answer

MOST_MARKS: Final = 2_000


@get("/places.json", name="agent_places")
async def show_places(opened: Opened) -> Response[bytes]:
    """Where the homes of the list are, and the outlines of the client's cities."""
    client_id = opened.holder.client_id
    wanted = query(opened.request.query_params).wanted(None)
    async with opened.ports.reading() as connection:
        rows, _ = await homes.wanted_homes(
            connection, client_id, wanted, limit=MOST_MARKS, offset=0
        )
        among = [row["address_id"] for row in rows]
        settings = opened.ports.settings
        found = await drawn(connection, settings, client_id, opened.locale, among)
    return map_answer(opened.request, found)
