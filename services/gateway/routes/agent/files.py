"""The addresses of the list as files: for spreadsheets, for paper, for a calendar."""

from collections.abc import Sequence
from typing import Any, Final, Literal

from litestar import Response, get

from services.gateway.exports.files import FORMATS
from services.gateway.exports.follow_ups import calendar_ics
from services.gateway.exports.labels import A_SHEET, labels_pdf
from services.gateway.exports.sheets import sheet_pdf
from services.gateway.exports.words import LANGUAGES, Words
from services.gateway.repository.agent import homes
from services.gateway.routes.agent.page import today
from services.gateway.routes.agent.query import query
from services.gateway.routes.agent.visitor import Opened, Visitor
from services.gateway.routes.exports import MOST_ROWS, attachment, spreadsheet, written
from services.gateway.routes.values import fold

MOST_PRINTED: Final = 2_000
"""Nobody prints more at once."""
MOST_ENTRIES: Final = 2_000
"""Of a calendar."""
PDF: Final = "application/pdf"
ICS: Final = "text/calendar"


@get("/properties.csv", media_type="text/csv", name="agent_csv")
async def download_csv(opened: Opened) -> Response[bytes]:
    """The list as CSV; all months unless the query names one."""
    return await _spreadsheet(opened, "csv")


@get("/properties.xlsx", media_type=FORMATS["xlsx"][0], name="agent_xlsx")
async def download_xlsx(opened: Opened) -> Response[bytes]:
    """The list as a workbook; all months unless the query names one."""
    return await _spreadsheet(opened, "xlsx")


@get("/sheet.pdf", media_type=PDF, name="agent_sheet")
async def download_sheet(opened: Opened) -> Response[bytes]:
    """The list on paper, to be carried along."""
    rows, words = await _rows(opened, MOST_PRINTED), _words(opened)
    content = await written(lambda: sheet_pdf(rows, words, on=today(opened)))
    return attachment(content, PDF, _name(opened, words.sheet, "pdf"))


@get("/labels.pdf", media_type=PDF, name="agent_labels")
async def download_labels(opened: Opened) -> Response[bytes]:
    """Labels for envelopes; `first` (1 to 24) skips those of a sheet begun before."""
    rows, words = await _rows(opened, MOST_PRINTED), _words(opened)
    said = opened.request.query_params.get("first", "")
    first = int(said) if said in FIRST else 1
    content = await written(lambda: labels_pdf(rows, words, first=first))
    return attachment(content, PDF, _name(opened, words.labels, "pdf"))


FIRST: Final = frozenset(str(place) for place in range(1, A_SHEET + 1))


@get("/follow-ups.ics", media_type=ICS, name="agent_calendar")
async def download_follow_ups(opened: Opened) -> Response[bytes]:
    """The days to follow up, for a calendar; taken in again they replace themselves."""
    chunks, words = await _chunks(opened, MOST_ROWS), _words(opened)
    rows = [row for chunk in chunks for row in chunk if row["follow_up"]][:MOST_ENTRIES]
    client_id = opened.holder.client_id
    content = await written(lambda: calendar_ics(rows, words, client_id=client_id))
    return attachment(content, ICS, _name(opened, words.follow_ups, "ics"))


async def _spreadsheet(opened: Visitor, ending: Literal["csv", "xlsx"]) -> Response[bytes]:
    chunks = await _chunks(opened, MOST_ROWS)
    return await spreadsheet(opened.ports, opened.locale, ending, chunks)


async def _chunks(opened: Visitor, most: int) -> Sequence[Sequence[Any]]:
    asked, client_id = query(opened.request.query_params), opened.holder.client_id
    wanted = asked.wanted(None)
    async with opened.ports.reading() as connection, connection.transaction(readonly=True):
        found = homes.all_homes(connection, client_id, wanted, most=most)
        return [rows async for rows in found]


async def _rows(opened: Visitor, most: int) -> Sequence[Any]:
    return [row for rows in await _chunks(opened, most) for row in rows]


def _words(opened: Visitor) -> Words:
    return LANGUAGES[opened.locale]


def _name(opened: Visitor, what: str, ending: str) -> str:
    plain = fold(what).replace(" ", "-")
    return f"{plain}-{today(opened):%Y-%m-%d}.{ending}"
