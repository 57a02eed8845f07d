"""A client of the console: what it asks for, what it has received, what can be done."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.params import QueryParameter
from litestar.response import Redirect

from libs.common.postgres import Connection
from services.gateway.pages.wording import spoken
from services.gateway.repository import clients
from services.gateway.repository.clients import Client
from services.gateway.repository.console import client as whole
from services.gateway.repository.console import homes
from services.gateway.repository.console.client import Stage
from services.gateway.repository.mail_requests import TemplateType
from services.gateway.routes import trials
from services.gateway.routes.console.act import SEE_OTHER
from services.gateway.routes.console.clients import PATH, Number
from services.gateway.routes.console.visit import Visit, Visited, shown
from services.gateway.routes.exports import download
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.properties import FollowUpStatus
from services.gateway.routes.trials import TryClient
from services.gateway.routes.values import PathId, identifier

CARDS: Final = 36
"""With the scripts of the map as many as make a page of 150 kB; they fill rows of two, three and four."""
STAGES: Final[Sequence[FollowUpStatus]] = (
    "new", "contacted", "meeting", "negotiation", "mandate", "sold",
)  # fmt: skip
"""In the order of an agent's work."""

Stood = Annotated[FollowUpStatus | None, QueryParameter(name="stage")]
Count = Annotated[int, QueryParameter(name="count", ge=1, le=100)]


@get("/clients/{client_id:str}")
async def show_client(
    visit: Visited, client_id: PathId, stage: Stood = None, number: Number = 1
) -> Response[bytes]:
    """All that is known of a client; of one who was erased, that there was one."""
    wanted = identifier(client_id, "client_id")
    async with visit.ports.reading() as connection:
        if client := await clients.find(connection, wanted):
            names = await _told(connection, client, stage, number)
            names["letters"] = _letters(visit)
        else:
            names = await _left(connection, wanted)
    template = "client" if client else "client_erased"
    return await shown(visit, f"console/{template}.html", "clients", stage=stage, **names)


async def _left(connection: Connection, client_id: UUID) -> dict[str, Any]:
    gone = await whole.erased(connection, client_id)
    if gone is None:
        raise unknown(f"Client {client_id} not found")
    return {
        "gone": gone,
        "jobs": await whole.jobs(connection, client_id),
        "deeds": await whole.deeds(connection, client_id),
    }


def _letters(visit: Visit) -> list[tuple[str, str]]:
    words = spoken(visit.locale, "clients").words
    return [(kind, words[f"mail_{kind}"]) for kind in get_args(TemplateType)]


async def _told(
    connection: Connection, client: Client, stage: FollowUpStatus | None, number: int
) -> dict[str, Any]:
    stages = await whole.stages(connection, client.id)
    rows = await homes.cards(
        connection, client.id, status=stage, limit=CARDS + 1, offset=(number - 1) * CARDS
    )
    return {
        "client": client,
        "standing": await whole.standing(connection, client.id),
        "cities": await whole.cities(connection, client.chosen_cities),
        "jobs": await whole.jobs(connection, client.id),
        "mails": await whole.mails(connection, client.id),
        "deeds": await whole.deeds(connection, client.id),
        "stages": _in_order(stages),
        "total": sum(each.homes for each in stages.values()),
        "cards": rows[:CARDS],
        "newer": _path(client.id, stage, number - 1) if number > 1 else "",
        "older": _path(client.id, stage, number + 1) if len(rows) > CARDS else "",
    }


def _in_order(stages: Mapping[str, Stage]) -> list[tuple[str, Stage]]:
    return [(name, stages[name]) for name in STAGES if name in stages]


def _path(client_id: UUID, stage: str | None, number: int) -> str:
    given = {"stage": stage or "", "page": str(number) if number > 1 else ""}
    query = urlencode({name: value for name, value in given.items() if value})
    return f"{PATH}/{client_id}{'?' + query if query else ''}#homes"


@get("/clients/{client_id:str}/places/{address_id:str}")
async def find_place(visit: Visited, client_id: PathId, address_id: PathId) -> Redirect:
    """To the page of the list on which a home stands."""
    client, address = identifier(client_id, "client_id"), identifier(address_id, "address_id")
    async with visit.ports.reading() as connection:
        before = await homes.before(connection, client, address)
    if before is None:
        raise unknown(f"Address {address} not found among those of client {client}")
    path, _, _ = _path(client, None, before // CARDS + 1).partition("#")
    return Redirect(f"{path}#place-{address}", status_code=SEE_OTHER)


@get("/clients/{client_id:str}/trial")
async def preview_choice(visit: Visited, client_id: PathId, count: Count = 10) -> Response[bytes]:
    """What a job would choose at this moment; nothing is written or sent."""
    wanted = identifier(client_id, "client_id")
    async with visit.ports.reading() as connection:
        client = await clients.find(connection, wanted)
    if client is None:
        raise unknown(f"Client {wanted} not found")
    found, is_served = await _preview(visit, wanted, count)
    return await shown(
        visit,
        "console/client_trial.html",
        "clients",
        client=client,
        count=count,
        found=found,
        is_served=is_served,
    )


async def _preview(visit: Visit, client_id: UUID, count: int) -> tuple[Sequence[Any], bool]:
    asked = TryClient(client_id=client_id, count=count, dry_run=True)
    try:
        answer = await trials.try_client.fn(asked, visit.ports, visit.request)
    except Refusal as refusal:
        if refusal.status_code == 404:  # noqa: PLR2004 - as HTTP calls it
            return (), False
        raise
    return answer.content.properties, True


@get("/clients/{client_id:str}/properties.csv", media_type="text/csv")
async def export_csv(visit: Visited, client_id: PathId, stage: Stood = None) -> Response[bytes]:
    """What the client has received, as the interface exports it."""
    return await download(visit.ports, identifier(client_id, "client_id"), "csv", status=stage)


@get("/clients/{client_id:str}/properties.xlsx")
async def export_xlsx(visit: Visited, client_id: PathId, stage: Stood = None) -> Response[bytes]:
    """What the client has received, as a workbook."""
    return await download(visit.ports, identifier(client_id, "client_id"), "xlsx", status=stage)


PAGES: Final = (show_client, find_place, preview_choice, export_csv, export_xlsx)
