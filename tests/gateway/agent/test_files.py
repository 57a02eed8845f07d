"""The list to take along: each file holds what the list shows."""

import re
from datetime import UTC, datetime

from tests.gateway.agent.conftest import Agent, home

OCTOBER = datetime(2026, 10, 15, 7, tzinfo=UTC)


async def test_each_file_holds_what_the_list_shows(agent: Agent):
    await agent.deliver("old", on=OCTOBER, address="9 QUAI VIEUX")
    await agent.deliver("a", address="1 RUE A")
    await agent.deliver("b", address="2 RUE B")
    await agent.post(home("a"), {"status": "meeting", "follow_up": "2026-12-01", "notes": "Samedi"})

    every, narrowed = [
        await agent.get(f"/properties.csv{query}") for query in ("", "?month=all&status=meeting")
    ]
    assert len(every.text.splitlines()) == 4
    assert len(narrowed.text.splitlines()) == 2
    assert "1 RUE A" in narrowed.text
    workbook = await agent.get("/properties.xlsx?month=2026-10")
    assert workbook.content[:2] == b"PK"
    for name in ("sheet.pdf", "labels.pdf", "labels.pdf?first=24", "labels.pdf?first=99"):
        printed = await agent.get(f"/{name}")
        assert printed.content.startswith(b"%PDF-"), name
        assert printed.headers["Content-Type"] == "application/pdf"
        assert re.fullmatch(
            r'attachment; filename="[a-z-]+-\d{4}-\d\d-\d\d\.pdf"',
            printed.headers["Content-Disposition"],
        )
    text = await agent.read()
    for name in ("properties.csv", "properties.xlsx", "sheet.pdf", "follow-ups.ics"):
        (link,) = re.findall(rf'href="({agent.path}/{name}\?month=\d{{4}}-\d\d)"', text)
        assert (await agent.http.get(link)).status_code == 200


async def test_a_follow_up_keeps_its_identity_in_a_calendar(agent: Agent):
    await agent.deliver("a", "b")
    await agent.post(home("a"), {"follow_up": "2026-12-01"})
    first = (await agent.get("/follow-ups.ics")).text
    await agent.post(home("a"), {"follow_up": "2026-12-08"})
    second = (await agent.get("/follow-ups.ics")).text

    def uids(text: str) -> list[str]:
        return re.findall(r"^UID:(.+)$", text, re.MULTILINE)

    assert len(uids(first)) == 1
    assert uids(first) == uids(second)
    assert "20261201" in first
    assert "20261208" in second
    empty = await agent.get("/follow-ups.ics?status=sold")
    assert "BEGIN:VCALENDAR" in empty.text
    assert "VEVENT" not in empty.text
