"""Cities that can be chosen."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from services.gateway.repository import cities
from services.gateway.repository.cities import City
from services.gateway.routes.ports import Given
from services.gateway.routes.values import fold

Words = Annotated[
    str,
    QueryParameter(max_length=100, description="Name, postal code or INSEE code, or its beginning"),
]
Limit = Annotated[int, QueryParameter(ge=1, le=100, description="At most so many")]


@get("/cities", tags=["Cities"])
async def find_cities(ports: Given, q: Words = "", limit: Limit = 10) -> list[City]:
    """The cities that match best: the very name or code, its beginning, then a part of the name.

    Accents, case, hyphens and apostrophes do not matter; the larger city comes first.
    """
    folded = fold(q)
    if q and not folded:
        return []
    async with ports.reading() as connection:
        return await cities.search(connection, folded, limit)
