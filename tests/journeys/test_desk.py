"""What operators and agents do with addresses: try out, follow up, take as a file, begin anew."""

import csv
import io
import json
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.support.stack import Stack, running_stack

pytestmark = [
    pytest.mark.journey,
    pytest.mark.any_broker,
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with running_stack(tmp_path_factory.mktemp("stack")) as started:
        keys = json.loads((started.folder / "keys.json").read_text())
        started.api.headers["X-Admin-Key"] = keys["ADMIN_API_KEY"]
        yield started


async def test_a_client_is_tried_out_followed_up_and_reset(stack: Stack) -> None:
    api, client_id = stack.api, await stack.register(1)
    await stack.finished(await stack.start_job(client_id))  # now the city is in stock
    tried = {"client_id": client_id, "count": 3}

    shown = (
        await api.post("/admin/test-client-processing", json={**tried, "dry_run": True})
    ).json()
    real = await api.post("/admin/test-client-processing", json=tried)

    assert len(shown["properties"]) == 3
    assert real.status_code == 200
    assert (real.json()["properties_assigned"], real.json()["email_sent"]) == (3, True)
    listed = f"/api/get-client-properties/{client_id}"
    assert (await api.get(listed)).json()["total_count"] == 13

    address = real.json()["properties"][0]["address_id"]
    path = f"/api/clients/{client_id}/properties"
    await api.patch(f"{path}/{address}", json={"status": "mandate", "notes": "=1+1"})
    assert (await api.get(f"{listed}?status=mandate")).json()["total_count"] == 1
    file = (await api.get(f"{path}.csv?status=mandate")).content.decode("utf-8-sig")
    [line] = csv.DictReader(io.StringIO(file, newline=""), delimiter=";")
    assert (line["Identifiant"], line["Notes"], line["Code postal"]) == (address, "'=1+1", "01000")

    reset = await api.post(f"/admin/client/{client_id}/reset-assignments")
    assert reset.json()["message"] == "Reset 13 assignments for client"
    assert (await api.get(listed)).json()["total_count"] == 0
    again = await stack.finished(await stack.start_job(client_id))
    assert again["properties_assigned"] == 10
