"""The mails as operators see them, and a doubt settled."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.postgres import Connection
from services.gateway.pages.looks import seen
from tests.gateway.console.conftest import Console
from tests.gateway.routes.test_mails import add_mail

STATES = ("pending", "claimed", "handing_off", "sent", "failed", "unknown", "suppressed")
KINDS = ("notification", "insufficient", "error", "monthly", "welcome", "test")
SHOWN = re.compile(r'<th scope="row"><a href="/console/mails/([0-9a-f-]{36})">')
HOSTILE = '<script>alert(1)</script><img src="https://evil.example/x.png">'
PAGE = "<style>@media screen and (prefers-color-scheme: dark) { body { color: red } }</style><p>Hello"


async def write(admin: Connection, mail_id: UUID, *, html: str = PAGE, **changed: str) -> None:
    given = {"recipient": "Ada@Agence.test", "subject": "Your addresses", **changed}
    await admin.execute(
        """insert into notifier.mail_content (mail_id, recipient, subject, headers, text_body, html_body)
           values ($1, $2, $3, $4, 'Hello as text', $5)""",
        mail_id, given["recipient"], given["subject"], {"List-Unsubscribe": "<https://x.test/u>"}, html,
    )  # fmt: skip


async def try_once(admin: Connection, mail_id: UUID, **changed: Any) -> None:
    given = {"number": 1, "verb": "DATA", "code": None, "reply": "timed out", **changed}
    await admin.execute(
        """insert into notifier.mail_attempt (mail_id, number, verb, code, reply, duration_ms, outcome)
           values ($1, $2, $3, $4, $5, 1234, 'unknown')""",
        mail_id, *given.values(),
    )  # fmt: skip


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
    "query", ["tab=lost", "kind=letter", "client_id=1", "month=2026-13", "month=x", "page=0"]
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


async def test_a_mail_shows_its_parts(console: Console, admin: Connection):
    mail = await add_mail(admin, "failed")
    await write(admin, mail, html=HOSTILE, subject="<b>Prize</b>")
    await try_once(admin, mail, verb="RCPT", code=550, reply="5.1.1 <no> such user")
    tabs = {tab: (await console.get(f"/console/mails/{mail}?tab={tab}")).text
            for tab in ("rendered", "text", "headers", "source", "attempts")}  # fmt: skip

    for page in tabs.values():
        assert "<script>alert" not in page
        assert "&lt;b&gt;Prize&lt;/b&gt;" in page
    assert f'src="/console/mails/{mail}/body?look=light"' in tabs["rendered"]
    assert re.search(r"<iframe[^>]* sandbox(?!=)", tabs["rendered"])
    assert "Hello as text" in tabs["text"]
    assert "&lt;https://x.test/u&gt;" in tabs["headers"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in tabs["source"]
    assert re.search(r"RCPT</td><td>550</td><td[^>]*>5.1.1 &lt;no&gt; such user", tabs["attempts"])
    assert "1,234 ms" in tabs["attempts"]


async def test_the_frame_answers_with_a_mail_that_can_do_nothing(
    console: Console, admin: Connection
):
    mail = await add_mail(admin)
    await write(admin, mail, html=HOSTILE)

    answer = await console.get(f"/console/mails/{mail}/body")

    assert answer.text == HOSTILE
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
        "base-uri 'none'; frame-ancestors 'self'; sandbox"
    )
    source = await console.get(f"/console/mails/{mail}/source")
    assert source.headers["content-type"].startswith("text/plain")
    assert source.headers["x-content-type-options"] == "nosniff"


async def test_a_mail_without_parts_says_why(console: Console, admin: Connection):
    mail = await add_mail(admin, "pending")

    page = await console.get(f"/console/mails/{mail}")
    assert "The parts of this mail are missing" in page.text
    assert "<iframe" not in page.text
    assert (await console.get(f"/console/mails/{mail}/body")).status_code == 404
    assert (await console.get(f"/console/mails/{uuid4()}")).status_code == 404
    assert (await console.get("/console/mails/17")).status_code == 422


@pytest.mark.parametrize(
    "look, condition",
    [("dark", "screen and (min-width: 0)"), ("light", "screen and (max-width: 0)")],
)
async def test_a_look_answers_what_the_mail_asks_of_the_theme(
    console: Console, admin: Connection, look: str, condition: str
):
    mail = await add_mail(admin)
    await write(admin, mail)

    body = (await console.get(f"/console/mails/{mail}/body?look={look}")).text

    assert f"@media {condition} {{" in body
    assert "prefers-color-scheme" not in body


def test_a_look_decides_what_the_mail_leaves_to_the_theme():
    page = """<meta name="color-scheme" content="light dark"><style>:root{color-scheme:light dark}
    @media (PREFERS-color-scheme:light){a{b:c}}</style><p style='color-scheme: dark'>color-scheme"""

    assert seen(page, "dark") == """<meta name="color-scheme" content="dark"><style>:root{color-scheme: dark}
    @media (max-width: 0){a{b:c}}</style><p style='color-scheme: dark'>color-scheme"""  # fmt: skip
    assert "content=\"light\"" in seen(page, "phone")


async def test_a_doubt_is_settled_with_its_evidence_in_sight(console: Console, admin: Connection):
    mail = await add_mail(admin, "unknown")
    await try_once(admin, mail, reply="connection lost after DATA")
    page = (await console.get(f"/console/mails/{mail}")).text
    assert "connection lost after DATA" in page
    assert f"&lt;{mail}@trackimmo.test&gt;" in page

    answer = await console.post(f"/console/mails/{mail}/resolve", {"verdict": "sent"})

    assert "The mail counts as sent." in await console.follow(answer)
    row = await admin.fetchrow("select state, version from notifier.mail where id = $1", mail)
    assert dict(row or {}) == {"state": "sent", "version": 2}
    topics = await admin.fetch("select topic from notifier.outbox")
    assert [row["topic"] for row in topics] == ["mail.settled"]
    audited = await admin.fetch("select action, target, detail from gateway.audit")
    done = [dict(row) for row in audited if row["action"] == "mail.resolve"]
    assert done == [{"action": "mail.resolve", "target": str(mail), "detail": {"verdict": "sent"}}]


async def test_a_mail_in_doubt_is_sent_again_and_settled_once(console: Console, admin: Connection):
    mail = await add_mail(admin, "unknown")

    answer = await console.post(f"/console/mails/{mail}/resolve", {"verdict": "resend"})
    assert "goes out once more" in await console.follow(answer)
    assert await admin.fetchval("select state from notifier.mail where id = $1", mail) == "pending"

    again = await console.post(f"/console/mails/{mail}/resolve", {"verdict": "sent"})
    assert "no longer in doubt" in await console.follow(again)
    odd = await console.post(f"/console/mails/{mail}/resolve", {"verdict": "lost"})
    assert "A value does not fit" in await console.follow(odd)


async def test_a_test_mail_is_refused_without_an_address(console: Console, admin: Connection):
    form = {"recipient": "nobody", "template_type": "welcome"}

    answer = await console.post("/console/mails/test", form)

    assert "This is no mail address" in await console.follow(answer)
    assert await admin.fetchval("select count(*) from notifier.mail") == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_has_its_page(console: Console, admin: Connection, kind: str):
    whose = {} if kind in {"monthly", "welcome", "test"} else {
        "client_id": uuid4(), "job_id": uuid4(), "job_kind": "process", "run": 1, "ladder": 1,
    }  # fmt: skip
    mail = await add_mail(admin, kind=kind, **whose)

    assert (await console.get(f"/console/mails/{mail}")).status_code == 200


async def test_the_six_mails_have_a_preview(console: Console):
    page = (await console.get("/console/mails")).text
    kinds = re.findall(r'href="/console/mails/preview/(\w+)"', page)
    assert len(kinds) == 6

    preview = await console.get(f"/console/mails/preview/{kinds[0]}?look=dark&locale=fr")
    address = f"/console/mails/preview/{kinds[0]}/body?locale=fr&amp;look=dark"
    assert f'src="{address}"' in preview.text
