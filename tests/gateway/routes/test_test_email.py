"""Test mails: what the notifier and its server make of them is told, whatever it is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from libs.common.postgres import Connection
from services.gateway.routes import waiting
from tests.gateway.routes.conftest import Api, registration

ADDRESS = "operator@agence.example"
Settle = Callable[..., Awaitable[None]]


@pytest.fixture
async def settle(admin: Connection) -> Settle:
    """Play the notifier: one attempt at the mail that is asked for."""
    await admin.execute(
        """insert into notifier.sending (smtp_server, smtp_port, smtp_security, with_login,
             email_sender, id_domain)
           values ('smtp.test', 587, 'starttls', true, 'bonjour@trackimmo.test', 'trackimmo.test')"""
    )

    async def play(state: str, verb: str, code: int | None, reply: str) -> None:
        while not (mail := await admin.fetchval("select id from notifier.mail")):  # noqa: ASYNC110 - a row of another process
            await asyncio.sleep(0.01)
        async with admin.transaction():
            await admin.execute(
                """update notifier.mail set state = $1, attempts = 1, version = ($1 <> 'pending')::int,
                     next_try_at = case when $1 = 'pending' then '2026-11-22 10:05Z'::timestamptz end""",
                state,
            )
            await admin.execute(
                """insert into notifier.mail_attempt (mail_id, number, verb, code, reply, duration_ms,
                     outcome) values ($1, 1, $2, $3, $4, 7, $5)""",
                mail, verb, code, reply, state,
            )  # fmt: skip

    return play


async def send(api: Api, **changed: Any) -> Any:
    body = {"recipient": ADDRESS, "template_type": "notification", **changed}
    return await api.post("/admin/test-email", json=body)


async def test_a_mail_that_the_server_takes(api: Api, admin: Connection, settle: Settle):
    answer, _ = await asyncio.gather(send(api), settle("sent", "DATA", 250, "queued as 42"))

    assert answer.status_code == 200
    told = answer.json()
    assert told["success"] is True
    assert told["message"] == f"Notification email sent to {ADDRESS}"
    assert list(told["results"]) == ["smtp_config", "connection", "send_test"]
    assert [part["success"] for part in told["results"].values()] == [True, True, True]
    assert "smtp.test:587 (starttls, with login)" in told["results"]["smtp_config"]["message"]
    assert told["results"]["send_test"]["message"] == "DATA: 250 queued as 42"
    assert told["results"]["send_test"]["duration_ms"] == 7
    assert (await api.get(told["href"])).json()["mail_id"] == told["mail_id"]
    row = await admin.fetchrow("select kind, subject_id, message_id, detail from notifier.mail")
    assert row is not None
    assert (row["kind"], str(row["subject_id"])) == ("test", told["mail_id"])
    assert row["message_id"] == f"<{told['mail_id']}@trackimmo.test>"
    assert row["detail"] == {"template_type": "notification", "recipient": ADDRESS}


async def test_a_refusal_is_told_in_the_servers_words(api: Api, settle: Settle):
    answer, _ = await asyncio.gather(
        send(api, template_type="config"), settle("failed", "RCPT", 550, "5.1.1 no such user")
    )

    assert answer.status_code == 200
    told = answer.json()
    assert told["success"] is False
    assert told["message"] == f"Config email not sent to {ADDRESS}: RCPT: 550 5.1.1 no such user"
    assert [part["success"] for part in told["results"].values()] == [True, True, False]


async def test_a_server_that_does_not_answer_is_told_at_the_first_try(api: Api, settle: Settle):
    answer, _ = await asyncio.gather(
        send(api), settle("pending", "CONNECT", None, "Connection refused")
    )

    told = answer.json()
    assert (answer.status_code, told["success"]) == (200, False)
    assert told["message"].endswith("CONNECT: Connection refused; tried again at 10:05 UTC")
    assert [part["success"] for part in told["results"].values()] == [True, False, False]


async def test_a_doubt_is_told_as_one(api: Api, settle: Settle):
    answer, _ = await asyncio.gather(send(api), settle("unknown", "DATA", None, "connection lost"))

    told = answer.json()
    assert (answer.status_code, told["success"]) == (200, False)
    assert (
        told["message"] == f"Notification email may have reached {ADDRESS}: DATA: connection lost"
    )
    assert [part["success"] for part in told["results"].values()] == [True, True, None]


async def test_what_is_not_known_in_time_is_accepted(
    api: Api, admin: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.1)

    answer = await send(api)

    told = answer.json()
    assert (answer.status_code, told["success"]) == (202, False)
    assert told["results"]["smtp_config"]["success"] is False
    assert told["results"]["send_test"]["success"] is None
    assert (await api.get(told["href"])).json()["state"] == "pending"


async def test_asked_again_it_is_sent_once_and_names_nobody(
    api: Api, admin: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.1)
    api.headers["Idempotency-Key"] = "once"

    first, again = await send(api), await send(api)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["mail_id"] == first.json()["mail_id"]
    assert await admin.fetchval("select count(*) from notifier.mail") == 1
    assert ADDRESS not in str(
        await admin.fetch("select idempotency::text from gateway.idempotency")
    )
    assert ADDRESS not in str(await admin.fetch("select audit::text from gateway.audit"))


async def test_a_mail_to_a_client_is_the_clients(
    api: Api, admin: Connection, client_id: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.0)

    await send(api, recipient="Camille@agence.example")

    assert str(await admin.fetchval("select client_id from notifier.mail")) == client_id


async def test_a_mail_from_before_there_was_a_client_is_forgotten_with_it(
    api: Api, admin: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "PATIENCE_SECONDS", 0.0)
    await send(api, recipient="Camille@agence.example")
    await send(api, recipient="somebody.else@agence.example")
    client_id = (await api.post("/api/clients", json=registration(status="pending"))).json()[
        "client_id"
    ]

    await api.delete(f"/api/clients/{client_id}")

    rows = await admin.fetch("select client_id from notifier.mail order by created_at")
    assert [row["client_id"] and str(row["client_id"]) for row in rows] == [client_id, None]


@pytest.mark.parametrize(
    "changed, pointer",
    [
        ({"template_type": "letter"}, "/template_type"),
        ({"template_type": None}, "/template_type"),
        ({"recipient": "nobody"}, "/recipient"),
        ({"recipient": "a@b.test\r\nBcc: c@d.test"}, "/recipient"),
        ({"recipient": f"{'a' * 250}@b.test"}, "/recipient"),
        ({"cc": ADDRESS}, "/cc"),
    ],
)
async def test_what_cannot_be_sent_is_refused(
    api: Api, admin: Connection, changed: dict[str, Any], pointer: str
):
    answer = await send(api, **changed)

    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert await admin.fetchval("select count(*) from notifier.mail") == 0
