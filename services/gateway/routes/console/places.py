"""The map of a client, as its page asks for it."""

from typing import Final

from litestar import Response, get

from services.gateway.repository import clients
from services.gateway.routes.console.visit import Visited
from services.gateway.routes.map_answer import drawn, map_answer
from services.gateway.routes.problems import unknown
from services.gateway.routes.values import PathId, identifier


@get("/clients/{client_id:str}/places.json")
async def client_places(visit: Visited, client_id: PathId) -> Response[bytes]:
    """The newest homes of a client that have a position, and the outlines of its cities."""
    wanted = identifier(client_id, "client_id")
    async with visit.ports.reading() as connection:
        if await clients.find(connection, wanted) is None:
            raise unknown(f"Client {wanted} not found")
        found = await drawn(connection, visit.ports.settings, wanted, visit.locale)
    return map_answer(visit.request, found)


PAGES: Final = (client_places,)
