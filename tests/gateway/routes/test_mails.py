"""Mails as operators see and settle them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api

WAITING = "select exists (select from pg_locks where not granted)"


async def add_mail(admin: Connection, state: str = "sent", **changed: Any) -> UUID:
    """A mail in this state, as the notifier leaves it."""
    mail_id = uuid4()
    row = {
        "id": mail_id,
        "kind": "monthly",
        "subject_id": mail_id,
        "message_id": f"<{mail_id}@trackimmo.test>",
        "state": state,
        "version": int(state in {"sent", "failed", "unknown", "suppressed"}),
        **changed,
    }
    names, marks = ", ".join(row), ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await admin.execute(
        f"""insert into notifier.mail ({names}, next_try_at, lease_until, give_up_at)
            values ({marks}, case when '{state}' = 'pending' then public.clock() end,
                    case when '{state}' in ('claimed', 'handing_off') then public.clock() end,
                    public.clock() + interval '1 day')""",  # noqa: S608
        *row.values(),
    )
    return mail_id


async def write(admin: Connection, mail_id: UUID) -> None:
    await admin.execute(
        """insert into notifier.mail_content values
           ($1, 'ada@agence.test', 'Vos adresses', '{"Content-Language": "fr"}', 'Bonjour', '<p>Bonjour')""",
        mail_id,
    )
    await admin.executemany(
        """insert into notifier.mail_attempt (mail_id, number, verb, code, reply, duration_ms, outcome)
           values ($1, $2, $3, $4, $5, 12, $6)""",
        [
            (mail_id, 1, "RCPT", 451, "4.7.1 later", "pending"),
            (mail_id, 2, "DATA", None, "timed out", "unknown"),
        ],
    )


async def listed(api: Api, query: str = "") -> list[str]:
    answer = await api.get(f"/admin/mails{query}")
    assert answer.status_code == 200
    return [mail["mail_id"] for mail in answer.json()]


async def test_mails_are_listed_the_newest_first_by_state_kind_and_client(
    api: Api, admin: Connection
):
    client = uuid4()
    first = await add_mail(admin, "sent", client_id=client)
    second = await add_mail(admin, "unknown", kind="welcome")

    assert await listed(api) == [str(second), str(first)]
    assert await listed(api, "?state=unknown") == [str(second)]
    assert await listed(api, "?kind=monthly") == [str(first)]
    assert await listed(api, f"?client_id={client}") == [str(first)]
    assert await listed(api, "?state=failed") == []
    page = await api.get("/admin/mails?limit=1&state=sent")
    assert "Link" not in page.headers
    page = await api.get("/admin/mails?limit=1")
    assert page.headers["Link"] == '</admin/mails?limit=1&offset=1>; rel="next"'


@pytest.mark.parametrize(
    "query", ["state=lost", "kind=letter", "client_id=1", "limit=0", "limit=1001", "offset=-1"]
)
async def test_filters_are_read_strictly(api: Api, query: str):
    assert (await api.get(f"/admin/mails?{query}")).status_code == 422


async def test_a_mail_is_shown_with_its_parts_and_every_attempt(api: Api, admin: Connection):
    mail_id = await add_mail(admin, "unknown")
    await write(admin, mail_id)

    answer = await api.get(f"/admin/mails/{mail_id}")

    mail = answer.json()
    assert (mail["state"], mail["recipient"]) == ("unknown", "ada@agence.test")
    assert (mail["subject"], mail["text_body"]) == ("Vos adresses", "Bonjour")
    assert mail["headers"] == {"Content-Language": "fr"}
    told = [
        (t["number"], t["verb"], t["code"], t["reply"], t["duration_ms"]) for t in mail["tries"]
    ]
    assert told == [(1, "RCPT", 451, "4.7.1 later", 12), (2, "DATA", None, "timed out", 12)]
    again = await api.get(
        f"/admin/mails/{mail_id}", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status_code == 304
    await admin.execute("delete from notifier.mail_content")
    forgotten = await api.get(
        f"/admin/mails/{mail_id}", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (forgotten.status_code, forgotten.json()["text_body"]) == (200, None)


async def test_a_doubt_is_settled_said_and_remembered(api: Api, admin: Connection):
    mail_id = await add_mail(admin, "unknown")

    answer = await api.post(f"/admin/mails/{mail_id}/resolve", json={"as": "sent"})

    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["version"]) == ("sent", 2)
    payload = await admin.fetchval(
        "select convert_from(payload, 'UTF8')::jsonb from notifier.outbox"
    )
    assert payload is not None
    assert (payload["mail_id"], payload["state"], payload["version"]) == (str(mail_id), "sent", 2)
    audit = await admin.fetchrow("select actor, action, target, detail from gateway.audit")
    assert tuple(audit or ()) == ("env:admin", "mail.resolve", str(mail_id), {"verdict": "sent"})


async def test_a_doubt_can_be_sent_again(api: Api, admin: Connection):
    mail_id = await add_mail(admin, "unknown")

    answer = await api.post(f"/admin/mails/{mail_id}/resolve", json={"as": "resend"})

    assert answer.json()["state"] == "pending"
    assert answer.json()["next_try_at"] is not None


@pytest.mark.parametrize("state", ["pending", "sent", "failed", "suppressed", "handing_off"])
async def test_nothing_but_a_doubt_is_settled(api: Api, admin: Connection, state: str):
    mail_id = await add_mail(admin, state)

    answer = await api.post(f"/admin/mails/{mail_id}/resolve", json={"as": "sent"})

    assert answer.status_code == 409
    assert f"is {state}" in answer.json()["detail"]
    assert await admin.fetchval("select count(*) from gateway.audit") == 0


async def test_a_forgotten_mail_is_not_sent_again(api: Api, admin: Connection):
    mail_id = await add_mail(admin, "unknown", blanked=True)

    again = await api.post(f"/admin/mails/{mail_id}/resolve", json={"as": "resend"})
    sent = await api.post(f"/admin/mails/{mail_id}/resolve", json={"as": "sent"})

    assert (again.status_code, sent.status_code) == (409, 200)


async def test_two_operators_settle_it_once(api: Api, admin: Connection):
    mail_id = await add_mail(admin, "unknown")
    path, key = f"/admin/mails/{mail_id}/resolve", {"Idempotency-Key": "a"}

    first = await api.post(path, json={"as": "sent"}, headers=key)
    again = await api.post(path, json={"as": "sent"}, headers=key)
    other = await api.post(path, json={"as": "sent"})

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert first.json() == again.json()
    assert await admin.fetchval("select count(*) from notifier.outbox") == 1


async def test_what_was_answered_of_a_client_does_not_outlive_it(
    api: Api, admin: Connection, client_id: str
):
    mail_id = await add_mail(admin, "unknown", client_id=client_id, evidence="250 Ada is served")
    path, key = f"/admin/mails/{mail_id}/resolve", {"Idempotency-Key": "a"}

    async with admin.transaction():
        await admin.execute("select from notifier.mail where id = $1 for update", mail_id)
        settling = asyncio.create_task(api.post(path, json={"as": "sent"}, headers=key))
        while not await admin.fetchval(WAITING):  # noqa: ASYNC110 - a lock has no event
            await asyncio.sleep(0.01)
        erasing = asyncio.create_task(api.delete(f"/api/clients/{client_id}"))
        await asyncio.wait([erasing], timeout=0.5)

    assert [(await one).status_code for one in (settling, erasing)] == [200, 204]
    assert await admin.fetchval("select count(*) from gateway.idempotency") == 0


@pytest.mark.parametrize(
    "body, pointer",
    [({}, "/as"), ({"as": "lost"}, "/as"), ({"verdict": "sent"}, "/as"), ({"as": None}, "/as")],
)
async def test_a_verdict_is_one_of_two(api: Api, body: dict[str, Any], pointer: str):
    answer = await api.post(f"/admin/mails/{uuid4()}/resolve", json=body)

    assert answer.status_code == 422
    assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}


async def test_a_mail_that_is_none(api: Api, admin: Connection):
    for path in (f"/admin/mails/{uuid4()}",):
        assert (await api.get(path)).status_code == 404
        assert (await api.post(f"{path}/resolve", json={"as": "sent"})).status_code == 404
    assert (await api.get("/admin/mails/latest")).status_code == 422
