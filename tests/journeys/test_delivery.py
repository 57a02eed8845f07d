"""An agent is registered through the API, and the mail with the addresses arrives."""

import re
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio

from tests.support.stack import Stack, running_stack, until

pytestmark = [pytest.mark.journey, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    by_hand = {"SCHEDULER_ENABLED": "false"}  # whatever the hour is
    async with running_stack(tmp_path_factory.mktemp("stack"), by_hand) as started:
        yield started


async def mail_to(stack: Stack, address: str, subject: str) -> Any:
    async def arrived() -> Any:
        found = [
            m for m in stack.mails() if m["To"] and address in m["To"] and subject in m["Subject"]
        ]
        return found[0] if found else None

    return await until(arrived)


async def test_a_registered_agent_receives_the_addresses_that_the_api_shows(stack: Stack) -> None:
    client_id = await stack.register(1)
    job = await stack.finished(await stack.start_job(client_id))

    assert (job["status"], job["properties_assigned"]) == ("completed", 10)
    assert {step["state"] for step in job["progress"]["steps"].values()} <= {
        "done",
        "settled",
        "sent",
    }
    shown = (await stack.api.get(f"/api/get-client-properties/{client_id}")).json()
    mail = await mail_to(stack, "agent1@example.org", "nouvelles adresses pour vous")
    text = mail.get_body(("plain",)).get_content()
    assert shown["total_count"] == 10
    assert len({home["address_id"] for home in shown["properties"]}) == 10
    for home in shown["properties"]:
        door, _, place = home["printed_address"].rpartition(", ")
        assert door in text
        assert place in text
        assert home["insee_code"] == "01053"
    assert await mail_to(stack, "agent1@example.org", "Bienvenue chez TrackImmo")


async def test_more_addresses_are_never_the_same(stack: Stack) -> None:
    client_id = await stack.register(2)
    await stack.finished(await stack.start_job(client_id))
    answer = await stack.api.post("/api/add-addresses", json={"client_id": client_id, "count": 25})
    assert (await stack.finished(answer.json()["job_id"]))["properties_assigned"] == 25

    shown = (await stack.api.get(f"/api/get-client-properties/{client_id}")).json()

    assert len({home["address_id"] for home in shown["properties"]}) == shown["total_count"] == 35


async def test_too_few_are_delivered_all_the_same_and_the_cto_hears_of_it(stack: Stack) -> None:
    client_id = await stack.register(3, chosen_cities=["01426"], addresses_per_report=1000)

    job = await stack.finished(await stack.start_job(client_id))

    assert job["status"] == "completed"
    assert 0 < job["properties_assigned"] < 1000
    alert = await mail_to(stack, "cto@trackimmo.test", "Adresses insuffisantes")
    assert re.search(r"\d+/1000", alert["Subject"])
    mail = await mail_to(
        stack, "agent3@example.org", f"{job['properties_assigned']} nouvelles adresses"
    )
    assert [part.get_filename() for part in mail.iter_attachments()]


async def test_the_send_day_delivers_to_who_is_due_once(stack: Stack) -> None:
    [row] = await stack.query("select (public.clock() at time zone 'Europe/Paris')::date as today")
    client_id = await stack.register(4, send_day=row["today"].day)
    keys = {
        "X-Admin-Key": (stack.folder / "keys.json")
        .read_text()
        .split('"ADMIN_API_KEY": "')[1]
        .split('"')[0]
    }
    order = {"kind": "send_day", "date": row["today"].isoformat(), "dry_run": False}

    for _ in range(2):
        answer = await stack.api.post("/admin/schedule/run", json=order, headers=keys)
        assert answer.status_code == 200, answer.text

    async def delivered() -> Any:
        return await stack.query(
            "select id from gateway.job where client_id = $1::uuid and status = 'completed'",
            client_id,
        )

    assert len(await until(delivered)) == 1
    assert await stack.query(
        "select count(*) from gateway.monthly_delivery where client_id = $1::uuid having count(*) = 1",
        client_id,
    )
