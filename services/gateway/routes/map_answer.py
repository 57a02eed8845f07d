"""What a map is told: the console and the agents' page answer alike."""

import gzip
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec
from litestar import Response

from libs.common.postgres import Connection
from services.gateway.pages.rendering import HEADERS
from services.gateway.pages.wording import Locale, spoken
from services.gateway.repository import places
from services.gateway.repository.places import MapPlace, Outline
from services.gateway.routes.body import StrictRequest
from services.gateway.settings import GatewaySettings

SUBJECT: Final = "map"
NAMES: Final = (
    "map_label", "map_none", "map_show", "map_card", "map_zoom_in", "map_zoom_out", "map_all", "map_legend",
)  # fmt: skip
PACKING: Final = 5


class Tiles(msgspec.Struct, frozen=True, kw_only=True):
    """Where the pictures of a map come from, and who drew them."""

    url: str
    attribution: str


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """All that a map draws and says."""

    places: Sequence[MapPlace]
    outlines: Sequence[Outline]
    tiles: Tiles | None
    words: Mapping[str, str]
    kinds: Mapping[str, str]
    statuses: Mapping[str, str]


async def drawn(
    connection: Connection,
    settings: GatewaySettings,
    client_id: UUID,
    locale: Locale,
    among: Sequence[UUID] | None = None,
) -> Drawn:
    """The map of a client's homes, or of those among them that are named."""
    say = spoken(locale, SUBJECT)
    tiles = Tiles(url=settings.map_tiles_url, attribution=settings.map_tiles_attribution)
    return Drawn(
        places=await places.places(connection, client_id, among),
        outlines=await places.outlines(connection, client_id),
        tiles=tiles if tiles.url else None,
        words={name: say.words[name] for name in NAMES},
        kinds=say.kinds,
        statuses=say.stages,
    )


def map_answer(request: StrictRequest, found: Drawn) -> Response[bytes]:
    """The same as JSON, packed for whoever can unpack it."""
    content = msgspec.json.encode(found)
    headers = {**HEADERS, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        content = gzip.compress(content, PACKING, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type="application/json", headers=headers)
