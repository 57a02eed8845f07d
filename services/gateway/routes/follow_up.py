"""What an agent makes of an address."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

import msgspec
import structlog
from litestar import Response, patch
from litestar.params import JSONBody
from msgspec import UNSET, Meta, UnsetType

from libs.common.postgres import Connection
from services.gateway.repository import properties
from services.gateway.routes.answer import Answer
from services.gateway.routes.body import Body, Check, StrictRequest
from services.gateway.routes.conditional import require_match, tag_of
from services.gateway.routes.ports import Given
from services.gateway.routes.properties import (
    FollowedProperty,
    FollowUpStatus,
    not_received,
    require_client,
    with_history,
)
from services.gateway.routes.values import CONTROLS, PathId, identifier, printable

log = structlog.get_logger()

COLUMNS: Final = {"desired_price": "desired_price_eur"}
UNKEEPABLE: Final = CONTROLS.replace(r"\u0000-\u001f", r"\u0000-\u0008\u000b\u000c\u000e-\u001f")
LINES: Final = f"^[^{UNKEEPABLE}]*$"
"""Several lines, tabs too, without the signs that turn the direction of text."""


def printable_lines(value: str | None) -> str | None:
    """What is wrong with lines of printable text."""
    wrong = value is not None and re.search(f"[{UNKEEPABLE}]", value)
    return "holds control characters" if wrong else None


class FollowUpChange(Body, frozen=True, kw_only=True):
    """What is to be different, at least one field; null empties, what is not named stays."""

    status: FollowUpStatus | UnsetType = UNSET
    notes: (
        Annotated[
            str,
            Meta(
                max_length=5000,
                description="Several lines if you like",
                extra_json_schema={"pattern": LINES},
            ),
        ]
        | UnsetType
        | None
    ) = UNSET
    contact_date: date | UnsetType | None = UNSET
    follow_up: date | UnsetType | None = UNSET
    sale_horizon: Annotated[str, Meta(max_length=200)] | UnsetType | None = UNSET
    desired_price: (
        Annotated[float, Meta(ge=0, le=1_000_000_000, description="In euros")] | UnsetType | None
    ) = UNSET

    least_fields: ClassVar[int] = 1
    checks: ClassVar[Mapping[str, Check]] = {"notes": printable_lines, "sale_horizon": printable}


@patch(
    "/clients/{client_id:str}/properties/{address_id:str}",
    tags=["Deliveries"],
    opt={"refuses": [404, 412], "tells": ["ETag"]},
)
async def follow_up_property(
    client_id: PathId,
    address_id: PathId,
    data: JSONBody[FollowUpChange],
    ports: Given,
    request: StrictRequest,
) -> Response[FollowedProperty]:
    """Set what the agent has made of an address. Any status may follow any other; all are kept."""
    client, address = identifier(client_id, "client_id"), identifier(address_id, "address_id")
    change = _change(data)
    async with ports.writing() as (connection, _):
        await require_client(connection, client)
        before = await _set(connection, client, address, {})
        require_match(request, tag_of(before))
        answer = await _set(connection, client, address, change)
    log.info("address_followed", client_id=str(client), fields=sorted(change))
    return Answer(answer, headers={"ETag": tag_of(answer)})


async def _set(
    connection: Connection, client_id: UUID, address_id: UUID, change: Mapping[str, Any]
) -> FollowedProperty:
    row = await properties.follow_up(connection, client_id, address_id, change)
    if row is None:
        raise not_received(client_id, address_id)
    return await with_history(connection, client_id, row)


def _change(data: FollowUpChange) -> dict[str, Any]:
    return {
        COLUMNS.get(name, name): value
        for name, value in msgspec.structs.asdict(data).items()
        if value is not UNSET
    }
