"""What the page says of administration, done once."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from deploy.local import by_hand as commands
from tests.interface.page import rows
from tests.interface.world import NOBODY, World, first_event
from tests.support.stack import until

PARIS = ZoneInfo("Europe/Paris")


async def overview(here: World) -> None:
    await here.ask("GET", "/admin/stats")
    await here.ask("GET", "/admin/clients", params={"status": "active", "limit": 5, "offset": 0})
    one = f"/admin/client/{here.client_id}"
    await here.ask("GET", one)
    etag = (await here.api.get(one)).headers["ETag"]
    await here.ask("GET", one, 304, headers={"If-None-Match": etag})
    await here.ask("GET", f"/admin/client/{NOBODY}", 404)
    mine = {"client_id": here.client_id, "status": "completed", "limit": 5, "offset": 0}
    assert await here.ask("GET", "/admin/jobs", params=mine)


async def jobs(here: World) -> None:
    client_id = await here.register()
    with here.paused("scraper"):
        job = await here.ask("POST", "/api/process-client", json={"client_id": client_id})
        one = f"/admin/jobs/{job['job_id']}"
        await here.ask("POST", f"{one}/retry", 409)
        await here.ask("POST", f"{one}/cancel", 409)
        await here.ask("POST", f"/admin/client/{client_id}/reset-assignments", 409)
        await here.fail(job["job_id"], "the publisher is away")
        await here.ask("POST", f"{one}/cancel")
        await here.ask("POST", f"{one}/retry")
    await here.stack.finished(job["job_id"])
    for what in ("retry", "cancel"):
        await here.ask("POST", f"/admin/jobs/{NOBODY}/{what}", 404)
    await here.ask("DELETE", "/admin/jobs/cleanup", params={"older_than_days": 30})


async def clients(here: World) -> None:
    client_id = await here.register(addresses_per_report=3)
    trial = {"client_id": client_id, "count": 2, "dry_run": True}
    await here.ask("POST", "/admin/test-client-processing", json=trial)
    await here.ask(
        "POST", "/admin/test-client-processing", 200, 202, json={**trial, "dry_run": False}
    )
    await here.ask("POST", "/admin/test-client-processing", 404, json={"client_id": NOBODY})
    reset = await here.ask("POST", f"/admin/client/{client_id}/reset-assignments")
    assert reset["message"] == "Reset 2 assignments for client"
    await here.ask("POST", f"/admin/client/{NOBODY}/reset-assignments", 404)
    await here.ask("POST", f"/admin/client/{client_id}/revoke-links")
    await here.ask("POST", f"/admin/client/{NOBODY}/revoke-links", 404)


async def schedule(here: World) -> None:
    today = datetime.now(UTC).date()
    for kind in ("send_day", "pre_notification"):
        ask = {"kind": kind, "date": str(today + timedelta(days=40)), "dry_run": True}
        await here.ask("POST", "/admin/schedule/run", json=ask)
    on_the_day = {"kind": "send_day", "date": f"{today + timedelta(days=40):%Y-%m}-05"}
    assert (await here.ask("POST", "/admin/schedule/run", json=on_the_day))["clients"]


async def by_hand(here: World) -> None:
    today = datetime.now(PARIS).date()
    client_id = await here.register(send_day=today.day)
    told = {"DATA_DIR": str(here.stack.folder), "TO": "somebody@example.org", "KIND": "monthly"}
    assert await asyncio.to_thread(commands.send_mail, told) == 0
    with here.paused("scraper"):
        assert await asyncio.to_thread(commands.daily, told) == 0
        [job] = await until(lambda: here.ask("GET", "/admin/jobs", params={"client_id": client_id}))
        await here.fail(job["job_id"], "no source has this city", permanent=True)
    days = {"from": str(today - timedelta(days=7)), "to": str(today + timedelta(days=7))}
    shown = await here.ask("GET", "/admin/schedule", params=days)
    assert [owed["client_id"] for owed in shown["undelivered"]] == [client_id]


async def dead_letters(here: World) -> None:
    for poison in (b"no json", b'{"nor": "a job"}'):
        await here.publish("client.process", poison, type_="trackimmo.client.process.v1")
    asked = {"service": "scraper", "state": "dead", "limit": 50, "offset": 0}

    async def held() -> list[str]:
        rows = await here.ask("GET", "/admin/dead-letters", params=asked)
        return [row["id"] for row in rows] if len(rows) > 1 else []

    first, second = (await until(held))[:2]
    letters = "/admin/dead-letters/scraper"
    await here.ask("POST", f"{letters}/{first}/replay")
    await here.ask("POST", f"{letters}/{second}/discard")
    await here.ask("POST", f"{letters}/{second}/replay", 409)
    # One that was handled after all, as its consumer would have written it.
    done = "update scraper.held_message set state = 'done' where id = $1::text::uuid"
    await here.stack.query(done, second)
    await here.ask("POST", f"{letters}/{second}/discard", 409)
    await here.ask("POST", f"{letters}/{NOBODY}/replay", 404)
    await here.ask("POST", f"{letters}/{NOBODY}/discard", 404)


async def outboxes(here: World) -> None:
    ago = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    again = await here.ask("POST", "/admin/outbox/replay", json={"since": ago})
    assert again["events"]["scraper"]
    asked = {"since": ago, "service": "scheduler"}
    assert set((await here.ask("POST", "/admin/outbox/replay", json=asked))["events"]) == {
        "scheduler"
    }


def subjects(kind: str) -> list[str]:
    """What the page says that the subjects of these mails look like."""
    [row] = [row for row in rows("Kind") if row[0] == f"`{kind}`"]
    told = [re.escape(subject) for subject in re.findall(r"`([^`]+)`", row[1])]
    return [re.sub(r"\\\{\w+\\\}", ".+", one) for one in told]


async def mails(here: World) -> None:
    asked = {
        "state": "sent",
        "kind": "notification",
        "client_id": here.client_id,
        "limit": 5,
        "offset": 0,
    }
    [mail, *_] = await here.ask("GET", "/admin/mails", params=asked)
    one = f"/admin/mails/{mail['mail_id']}"
    etag = (await here.api.get(one)).headers["ETag"]
    await here.ask("GET", one, 304, headers={"If-None-Match": etag})
    await here.ask("GET", f"/admin/mails/{NOBODY}", 404)
    await here.ask("POST", f"{one}/resolve", 409, json={"as": "sent"})
    await here.ask("POST", f"/admin/mails/{NOBODY}/resolve", 404, json={"as": "sent"})
    # A connection that broke after DATA, as the sender would have written it.
    await here.stack.query(
        "update notifier.mail set state = 'unknown' where id = $1::text::uuid", mail["mail_id"]
    )
    await here.ask("POST", f"{one}/resolve", json={"as": "sent"})
    for kind in ("notification", "monthly", "welcome", "insufficient", "error", "config"):
        mine = {"client_id": here.client_id}
        preview = f"/admin/mails/preview/{kind}"
        assert "TrackImmo" in await here.ask("GET", preview, params=mine)
        await here.ask("GET", preview, params={**mine, "locale": "en", "format": "json"})
        shown = await here.ask("GET", preview, params={**mine, "locale": "fr", "format": "json"})
        assert any(re.fullmatch(told, shown["subject"]) for told in subjects(kind)), shown[
            "subject"
        ]
        test = {"recipient": "somebody@example.org", "template_type": kind}
        sent = await here.ask("POST", "/admin/test-email", json=test)
        assert sent["success"], sent
    await here.ask("GET", "/admin/mails/preview/monthly", 404, params={"client_id": NOBODY})


async def stock(here: World) -> None:
    asked = await here.ask("POST", "/admin/cities/01053/refresh", 202)
    await here.ask("GET", asked["href"])
    await here.ask("GET", f"/admin/refreshes/{NOBODY}", 404)
    await here.ask("POST", "/admin/cities/99999/refresh", 404)
    await here.ask("POST", "/admin/cities/67482/refresh", 422)
    asked = await here.ask(
        "POST", "/admin/imports", 202, json={"department": "01", "years": [2019]}
    )
    await here.ask("GET", asked["href"])
    await here.ask("GET", f"/admin/imports/{NOBODY}", 404)
    await here.ask("POST", "/admin/imports", 422, json={"department": "67"})


async def oppositions(here: World) -> None:
    homes = await here.ask("GET", f"/api/get-client-properties/{here.client_id}")
    address = {
        "address": homes["properties"][-1]["address_raw"],
        "insee": "01053",
        "reason": "letter of 3 May",
    }
    made = await here.ask("POST", "/admin/oppositions", 201, json=address)
    again = await here.ask("POST", "/admin/oppositions", json=address)
    assert again["id"] == made["id"]
    assert await here.ask("GET", "/admin/oppositions", params={"limit": 5, "offset": 0})
    await here.ask("DELETE", f"/admin/oppositions/{made['id']}", 204)
    await here.ask("DELETE", f"/admin/oppositions/{NOBODY}", 404)


async def keys(here: World) -> None:
    made = await here.ask(
        "POST", "/admin/api-keys", 201, json={"name": "console", "scopes": ["admin"]}
    )
    await here.ask("GET", "/admin/stats", headers={"X-Admin-Key": made["key"]})
    assert await here.ask("GET", "/admin/api-keys", params={"limit": 5, "offset": 0})
    await here.ask("DELETE", f"/admin/api-keys/{made['id']}", 204)
    await here.ask("DELETE", f"/admin/api-keys/{NOBODY}", 404)
    await here.ask("GET", "/admin/stats", 401, headers={"X-Admin-Key": made["key"]})


async def movements(here: World) -> None:
    assert "data:" in await first_event(here.api, "/admin/events", {"Last-Event-ID": "0"})
