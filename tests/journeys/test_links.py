"""What a mail leads to, and what operators see of mails, on a running stack."""

import html
import json
import re
from collections.abc import AsyncGenerator
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.support.stack import Stack, running_stack, until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.any_broker,
    pytest.mark.asyncio(loop_scope="module"),
]

KINDS = ("config", "welcome", "notification", "monthly", "insufficient", "error")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack]:
    async with running_stack(tmp_path_factory.mktemp("stack")) as started:
        keys = json.loads((started.folder / "keys.json").read_text())
        started.api.headers["X-Admin-Key"] = keys["ADMIN_API_KEY"]
        yield started


async def mails_to(stack: Stack, address: str, subject: str, number: int = 1) -> list[EmailMessage]:
    async def arrived() -> list[EmailMessage] | None:
        found = [m for m in stack.mails() if address in m["To"] and subject in m["Subject"]]
        return found if len(found) >= number else None

    return await until(arrived)


async def served(stack: Stack, client_id: str) -> Any:
    """How the mail of one more delivery stands in the end."""
    job_id = await stack.start_job(client_id)
    await stack.finished(job_id)
    query = {"kind": "notification", "client_id": client_id}

    async def settled() -> Any:
        mails = (await stack.api.get("/admin/mails", params=query)).json()
        return next((m for m in mails if m["job_id"] == job_id and m["version"]), None)

    return await until(settled)


async def test_a_mail_leads_to_the_page_and_out_of_the_list(stack: Stack) -> None:
    client_id = await stack.register(1)
    assert (await served(stack, client_id))["state"] == "sent"
    [mail] = await mails_to(stack, "agent1@example.org", "nouvelles adresses")
    leaving = re.search(r"<(https?://[^>]+/u/[^>]+)>", mail["List-Unsubscribe"])
    body: Any = mail.get_body(("plain",))
    looking = re.search(r"https?://\S+/c/[\w-]{48}", body.get_content())
    assert leaving
    assert looking

    async with httpx.AsyncClient(timeout=20) as reader:
        page = await reader.get(looking[0])
        file = await reader.get(f"{looking[0]}/properties.csv")
        shown = (await stack.api.get(f"/api/get-client-properties/{client_id}")).json()
        text = html.unescape(page.text)
        streets = [home["printed_address"].rpartition(", ")[0] for home in shown["properties"]]
        assert all(f">{street}</a>" in text for street in streets)
        assert len(file.text.splitlines()) == 11

        for _ in range(2):
            gone = await reader.post(leaving[1], data={"List-Unsubscribe": "One-Click"})
            assert gone.status_code == 200
        assert (await served(stack, client_id))["state"] == "suppressed"
        assert (await reader.get(looking[0])).text.count('id="home-') == 20

        await reader.post(leaving[1], data={"action": "resume"})
        assert (await served(stack, client_id))["state"] == "sent"
    assert len(await mails_to(stack, "agent1@example.org", "nouvelles adresses", 2)) == 2


async def test_a_mail_can_be_read_afterwards_and_its_links_ended(stack: Stack) -> None:
    client_id = await stack.register(2)
    line = await served(stack, client_id)

    mail = (await stack.api.get(f"/admin/mails/{line['mail_id']}")).json()

    [sent] = await mails_to(stack, "agent2@example.org", "nouvelles adresses")
    assert mail["headers"]["Message-ID"] == sent["Message-ID"]
    assert [(one["verb"], one["code"]) for one in mail["tries"]] == [("DATA", 250)]
    page = re.search(r"https?://\S+/c/[\w-]{48}", mail["text_body"])
    assert page
    settling = await stack.api.post(f"/admin/mails/{line['mail_id']}/resolve", json={"as": "sent"})
    assert settling.status_code == 409
    assert (await stack.api.get(page[0])).status_code == 200
    await stack.api.post(f"/admin/client/{client_id}/revoke-links")
    assert (await stack.api.get(page[0])).status_code == 404


@pytest.mark.parametrize("kind", KINDS)
async def test_a_test_mail_goes_to_the_given_recipient(stack: Stack, kind: str) -> None:
    body = {"recipient": f"{kind}@operators.example", "template_type": kind}

    answer = await stack.api.post("/admin/test-email", json=body, timeout=40)

    told = answer.json()
    assert (answer.status_code, told["success"]) == (200, True), told
    assert told["message"] == f"{kind.capitalize()} email sent to {body['recipient']}"
    assert {part["success"] for part in told["results"].values()} == {True}
    assert len(await mails_to(stack, body["recipient"], "")) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_preview_is_shown_and_nothing_sent(stack: Stack, kind: str) -> None:
    before = await stack.query("select count(*) from notifier.mail")

    answer = await stack.api.get(f"/admin/mails/preview/{kind}?locale=en", timeout=40)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "</html>" in answer.text
    assert await stack.query("select count(*) from notifier.mail") == before
