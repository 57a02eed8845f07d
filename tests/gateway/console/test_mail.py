"""A mail as its reader sees it, its parts, its attempts, and a doubt settled."""

import re
from typing import Any
from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from services.gateway.pages.looks import seen
from tests.gateway.console.conftest import Console
from tests.gateway.console.written import try_once, write
from tests.gateway.routes.test_mails import add_mail

KINDS = ("notification", "insufficient", "error", "monthly", "welcome", "test")
HOSTILE = '<script>alert(1)</script><img src="https://evil.example/x.png">'


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
    source = await console.get(f"/console/mails/{mail}/source.txt")
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
    assert 'content="light"' in seen(page, "phone")


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


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_has_its_page(console: Console, admin: Connection, kind: str):
    whose: Any = {} if kind in {"monthly", "welcome", "test"} else {
        "client_id": uuid4(), "job_id": uuid4(), "job_kind": "process", "run": 1, "ladder": 1,
    }  # fmt: skip
    mail = await add_mail(admin, kind=kind, **whose)

    assert (await console.get(f"/console/mails/{mail}")).status_code == 200
