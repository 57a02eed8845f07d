"""What a client has received, as files."""

import asyncio
import csv
import io
import threading
from typing import Any
from uuid import uuid4

import openpyxl
import pytest

from libs.common.postgres import Connection
from services.gateway.routes import exports
from tests.gateway.routes.conftest import Api, deliver
from tests.gateway.routes.delivered import address, oppose


def rows(content: bytes) -> list[dict[str, str]]:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=";"))


async def test_a_csv_holds_all_that_was_received_and_not_only_a_page(
    api: Api, admin: Connection, client_id: str
):
    doors = [f"door-{number}" for number in range(2345)]
    await deliver(admin, client_id, *doors)

    answer = await api.get(f"/api/clients/{client_id}/properties.csv")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="trackimmo-')
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    lines = rows(answer.content)
    assert [line["Identifiant"] for line in lines] == [address(door) for door in doors]
    assert {line["Code postal"] for line in lines} == {"01000"}
    assert all("DGFiP" in line["Source des données"] for line in lines)


async def test_a_workbook_opens_and_says_the_same(api: Api, admin: Connection, client_id: str):
    await deliver(admin, client_id, "door-1", "door-2")

    answer = await api.get(f"/api/clients/{client_id}/properties.xlsx")

    assert answer.headers["Content-Type"].endswith("spreadsheetml.sheet")
    sheet: Any = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    table = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert [line[0] for line in table[1:]] == [address("door-1"), address("door-2")]
    assert table[1][table[0].index("Code postal")] == "01000"


async def test_files_are_filtered_like_the_list_and_in_the_clients_language(
    api: Api, admin: Connection, client_id: str
):
    await deliver(admin, client_id, "a", "b", "c")
    for door in ("b", "c"):
        path = f"/api/clients/{client_id}/properties/{address(door)}"
        await api.patch(path, json={"status": "mandate", "notes": "=1+1"})
    await oppose(admin, "c")
    await admin.execute("update gateway.client set locale = 'en'")

    answer = await api.get(f"/api/clients/{client_id}/properties.csv?status=mandate")

    (line,) = rows(answer.content)
    assert (line["Identifier"], line["Notes"]) == (address("b"), "'=1+1")
    nothing = await api.get(f"/api/clients/{client_id}/properties.csv?status=sold")
    assert rows(nothing.content) == []


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_of_nobody_there_is_no_file(api: Api, ending: str):
    answer = await api.get(f"/api/clients/{uuid4()}/properties.{ending}")
    assert answer.status_code == 404
    answer = await api.get(f"/api/clients/me/properties.{ending}")
    assert answer.status_code == 422
    answer = await api.get(f"/api/clients/{uuid4()}/properties.{ending}?status=lost")
    assert answer.status_code == 422


async def test_files_that_wait_to_be_written_keep_nobody_from_the_database(
    api: Api, admin: Connection, client_id: str
):
    """There are ten connections, and whoever gets none in five seconds is sent away."""
    await deliver(admin, client_id, "door-1")
    busy = threading.Event()
    exports.WRITER.submit(busy.wait, 30)

    files = [
        asyncio.create_task(api.get(f"/api/clients/{client_id}/properties.{ending}"))
        for ending in ("csv", "xlsx") * 8
    ]
    try:
        async with asyncio.timeout(4):
            for _ in range(30):  # until all files have had a turn
                await asyncio.sleep(0.01)
                page = await api.get(f"/api/get-client-properties/{client_id}")
                assert page.status_code == 200
    finally:
        busy.set()

    assert not any(file.done() for file in files)
    assert {(await file).status_code for file in files} == {200}
