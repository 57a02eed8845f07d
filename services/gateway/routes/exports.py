"""What a client has received, as files for spreadsheets."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID

from litestar import Response, get

from services.gateway.exports.cells import Row
from services.gateway.exports.files import FORMATS, File
from services.gateway.exports.words import LANGUAGES, Words
from services.gateway.repository import properties
from services.gateway.routes.ports import Given, Ports
from services.gateway.routes.problems import unknown
from services.gateway.routes.properties import Status
from services.gateway.routes.values import PathId, identifier

MOST_ROWS: Final = 20_000
"""The newest; nobody works a longer list by hand."""
XLSX: Final = FORMATS["xlsx"][0]
WRITER: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="exports")
"""One file at a time, others are served meanwhile: two would only take turns on the same core."""


@get(
    "/clients/{client_id:str}/properties.csv",
    tags=["Deliveries"],
    media_type="text/csv",
    opt={"refuses": [404]},
)
async def client_properties_csv(
    client_id: PathId, ports: Given, status: Status = None
) -> Response[bytes]:
    """What a client has received as CSV, the newest 20,000: UTF-8 with a byte order mark, semicolons."""
    return await download(ports, identifier(client_id, "client_id"), "csv", status=status)


@get(
    "/clients/{client_id:str}/properties.xlsx",
    tags=["Deliveries"],
    media_type=XLSX,
    opt={"refuses": [404]},
)
async def client_properties_xlsx(
    client_id: PathId, ports: Given, status: Status = None
) -> Response[bytes]:
    """What a client has received as a workbook with typed cells, the newest 20,000."""
    return await download(ports, identifier(client_id, "client_id"), "xlsx", status=status)


async def download(
    ports: Ports, client_id: UUID, ending: Literal["csv", "xlsx"], *, status: str | None = None
) -> Response[bytes]:
    """A file of the client's homes, the newest delivery first, in the client's language."""
    async with ports.reading() as connection:
        locale = await properties.locale(connection, client_id)
        if locale is None:
            raise unknown(f"Client {client_id} not found")
        async with connection.transaction(readonly=True):
            delivered = properties.all_delivered(
                connection, client_id, status=status, most=MOST_ROWS
            )
            chunks = [rows async for rows in delivered]
    return await spreadsheet(ports, locale, ending, chunks)


async def spreadsheet(
    ports: Ports, locale: str, ending: Literal["csv", "xlsx"], chunks: Iterable[Iterable[Row]]
) -> Response[bytes]:
    """A file of these homes, in their order."""
    media_type, begin = FORMATS[ending]
    words = LANGUAGES.get(locale, LANGUAGES["fr"])
    content = await written(_written, begin, words, chunks)
    name = f"trackimmo-{words.title.lower()}-{ports.clock():%Y-%m-%d}.{ending}"
    return attachment(content, media_type, name)


async def written(write: Callable[..., bytes], *given: Any) -> bytes:
    """The bytes of a file, made while others are served."""
    return await asyncio.get_running_loop().run_in_executor(WRITER, partial(write, *given))


def attachment(content: bytes, media_type: str, name: str) -> Response[bytes]:
    """A file to keep; nobody on the way keeps it."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=media_type, headers=headers)


def _written(
    begin: Callable[[Words], File], words: Words, chunks: Iterable[Iterable[Row]]
) -> bytes:
    file = begin(words)
    for rows in chunks:
        file.add(rows)
    return file.finish()
