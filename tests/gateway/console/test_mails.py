"""The mails as operators see them, and a doubt settled."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.console.conftest import Console
from tests.gateway.console.written import write
from tests.gateway.routes.test_mails import add_mail

STATES = ("pending", "claimed", "handing_off", "sent", "failed", "unknown", "suppressed")
KINDS = ("notification", "insufficient", "error", "monthly", "welcome", "test")
SHOWN = re.compile(r'<th scope="row" class="said"><a href="/console/mails/([0-9a-f-]{36})">')


async def listed(console: Console, query: str = "") -> list[str]:
    answer = await console.get(f"/console/mails{query}")
    assert answer.status_code == 200, answer.text
    return SHOWN.findall(answer.text)


async def test_each_tab_has_its_states_and_their_number(console: Console, admin: Connection):
    ids = {state: str(await add_mail(admin, state)) for state in STATES}

    waiting = [ids[state] for state in ("handing_off", "claimed", "pending")]
    assert await listed(console, "?tab=waiting") == waiting
    for tab in ("sent", "failed", "unknown", "suppressed"):
        assert await listed(console, f"?tab={tab}") == [ids[tab]]
    assert await listed(console) == [ids[state] for state in reversed(STATES)]
    page = (await console.get("/console/mails")).text
    numbers = re.findall(r'>([A-Z][\w ]+?)\s*<span class="count">([^<]*)<', page)
    assert numbers == [
        ("In doubt", "1"), ("Waiting", "3"), ("Failed", "1"), ("Suppressed", "1"), ("Sent", "1"),
    ]  # fmt: skip
    assert f'href="/console/mails/{ids["pending"]}">look at it' in page


async def test_filters_narrow_the_list_together(console: Console, admin: Connection):
    client, other = uuid4(), uuid4()
    first = await add_mail(admin, kind="welcome", client_id=client)
    second = await add_mail(admin, "failed", kind="test", client_id=other)
    await write(admin, first)
    await write(admin, second, recipient="ops@trackimmo.test")
    month = datetime.now(UTC).strftime("%Y-%m")

    assert await listed(console, "?kind=welcome") == [str(first)]
    assert await listed(console, f"?client_id={other}") == [str(second)]
    assert await listed(console, "?domain=agence.test") == [str(first)]
    assert await listed(console, "?domain=AGENCE.test&tab=failed") == []
    assert await listed(console, f"?month={month}&kind=&client_id=&domain=") == [
        str(second), str(first),
    ]  # fmt: skip
    assert await listed(console, "?month=2020-02") == []
    assert "Take a filter away" in (await console.get("/console/mails?month=2020-02")).text


async def test_a_month_begins_and_ends_in_paris(console: Console, admin: Connection):
    def at(text: str) -> datetime:
        return datetime.fromisoformat(text)

    mail = await add_mail(admin, created_at=at("2026-09-30T22:30:00+00:00"))
    await add_mail(admin, created_at=at("2026-10-31T23:30:00+00:00"))

    assert await listed(console, "?month=2026-10") == [str(mail)]


@pytest.mark.parametrize(
    "query",
    [
        "tab=lost",
        "kind=letter",
        "client_id=1",
        "month=2026-13",
        "month=x",
        "month=9999-12",
        "month=0001-01",
        "page=0",
    ],
)
async def test_what_nobody_can_ask_for_is_refused(console: Console, query: str):
    answer = await console.get(f"/console/mails?{query}")

    assert answer.status_code == 422
    assert "A value does not fit" in answer.text


async def test_the_list_has_pages(console: Console, admin: Connection):
    now = datetime.now(UTC)
    for number in range(51):
        await add_mail(admin, created_at=now - timedelta(minutes=number), kind="welcome")

    first = await console.get("/console/mails?kind=welcome")
    older = re.search(r'rel="next" href="([^"]*)"', first.text)

    assert older
    assert len(SHOWN.findall(first.text)) == 50
    rest = await console.get(older[1].replace("&amp;", "&"))
    assert len(SHOWN.findall(rest.text)) == 1
    assert 'rel="prev"' in rest.text
    assert 'rel="next"' not in rest.text


async def test_an_empty_list_says_what_will_fill_it(console: Console):
    assert "The first goes out with" in (await console.get("/console/mails")).text


async def test_a_test_mail_is_refused_without_an_address(console: Console, admin: Connection):
    form = {"recipient": "nobody", "template_type": "welcome"}

    answer = await console.post("/console/mails/test", form)

    assert "This is no mail address" in await console.follow(answer)
    assert await admin.fetchval("select count(*) from notifier.mail") == 0


async def test_the_six_mails_have_a_preview(console: Console):
    page = (await console.get("/console/mails")).text
    kinds = re.findall(r'href="/console/mails/preview/(\w+)"', page)
    assert len(kinds) == 6

    preview = await console.get(f"/console/mails/preview/{kinds[0]}?look=dark&locale=fr")
    address = f"/console/mails/preview/{kinds[0]}/body?locale=fr&amp;look=dark"
    assert f'src="{address}"' in preview.text
