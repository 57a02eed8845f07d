"""What the page says of clients and their deliveries, done once."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.interface.world import NOBODY, World, first_event

AGENT: dict[str, Any] = {
    "first_name": "Camille",
    "last_name": "Durand",
    "telephone": "+33 4 74 00 00 00",
    "company_name": "Agence Durand",
    "locale": "fr",
    "subscription_type": "pro",
    "status": "active",
    "send_day": 15,
    "addresses_per_report": 5,
    "chosen_cities": ["01053"],
    "property_type_preferences": ["house", "apartment"],
}


async def health(here: World) -> None:
    for path in ("/health", "/api/health", "/version", "/live", "/ready", "/admin/health"):
        await here.ask("GET", path)


async def registration(here: World) -> None:
    email = f"{uuid4().hex}@agence.example"
    client = await here.ask("POST", "/api/clients", 201, json={**AGENT, "email": email})
    await here.ask("POST", "/api/clients", 409, json={**AGENT, "email": email})
    faraway = {**AGENT, "email": f"{uuid4().hex}@agence.example", "chosen_cities": ["67482"]}
    await here.ask("POST", "/api/clients", 422, json=faraway)
    path = f"/api/clients/{client['client_id']}"
    await here.ask("GET", path)
    await here.ask("GET", f"/api/clients/{NOBODY}", 404)
    etag = (await here.api.get(path)).headers["ETag"]
    await here.ask("GET", path, 304, headers={"If-None-Match": etag})
    await changes(here, path, etag, email)
    await here.ask("DELETE", path, 204)
    await here.ask("DELETE", path, 204)
    await here.ask("DELETE", f"/api/clients/{NOBODY}", 404)


async def changes(here: World, path: str, etag: str, email: str) -> None:
    changed = {**AGENT, "email": email, "send_day": 3, "status": "inactive"}
    await here.ask("PATCH", path, json=changed, headers={"If-Match": etag})
    await here.ask("PATCH", path, 412, json={"send_day": 4}, headers={"If-Match": etag})
    await here.ask("PATCH", path, 409, json={"email": "agent1@example.org"})
    await here.ask("PATCH", f"/api/clients/{NOBODY}", 404, json={"send_day": 4})


async def cities(here: World) -> None:
    assert await here.ask("GET", "/api/cities", params={"q": "bourg", "limit": 3})


async def jobs(here: World) -> None:
    me = {"client_id": here.client_id}
    with here.paused("scraper"):
        first = await here.ask("POST", "/api/process-client", json=me)
        again = await here.ask("POST", "/api/process-client", json=me)
    assert first["job_id"] == again["job_id"]
    assert again["message"] == "Job already in progress"
    added = await here.ask("POST", "/api/add-addresses", json={**me, "count": 2})
    assert added["message"] == "Adding 2 addresses"
    for path in ("process-client", "add-addresses"):
        await here.ask("POST", f"/api/{path}", 404, json={"client_id": NOBODY})
    await asyncio.gather(*(here.stack.finished(job["job_id"]) for job in (first, added)))
    await here.ask("GET", f"/api/job-status/{NOBODY}", 404)
    events = f"/api/jobs/{first['job_id']}/events"
    assert "id:" in await first_event(here.api, events, {"Last-Event-ID": "0"})
    await here.ask("GET", f"/api/jobs/{NOBODY}/events", 404)
    told = await here.ask("GET", events)
    last = {"Last-Event-ID": told.rpartition("id: ")[2].partition("\n")[0].strip()}
    await here.ask("GET", events, 204, headers=last)


async def waiting_jobs(here: World) -> None:
    client_id = await here.register()
    with here.paused("scraper"):
        job = await here.ask("POST", "/api/process-client", json={"client_id": client_id})
        await here.fail(job["job_id"], "the publisher is away")
        await here.ask("GET", f"/api/job-status/{job['job_id']}")
        shown = await here.ask("POST", "/api/process-retry-queue", params={"all": "true"})
        assert shown["processed"] == 1
    await here.stack.finished(job["job_id"])
    await here.ask("POST", "/api/cleanup-jobs", params={"older_than_days": 7})


async def deliveries(here: World) -> None:
    mine = f"/api/get-client-properties/{here.client_id}"
    page = await here.ask("GET", mine, params={"limit": 2, "offset": 1, "status": "new"})
    address_id = page["properties"][0]["address_id"]
    home = f"/api/clients/{here.client_id}/properties/{address_id}"
    told = {
        "status": "meeting",
        "notes": "rappeler mardi",
        "contact_date": "2026-11-20",
        "follow_up": "2026-12-01",
        "sale_horizon": "6 mois",
        "desired_price": 250000,
    }
    await here.ask("PATCH", home, json=told)
    etag = (await here.api.get(home)).headers["ETag"]
    await here.ask("GET", home, 304, headers={"If-None-Match": etag})
    await here.ask("GET", home.replace(address_id, NOBODY), 404)
    await here.ask("PATCH", home, 412, json={"notes": "trop tard"}, headers={"If-Match": '"0"'})
    await here.ask("GET", mine, params={"status": "meeting"})
    await here.ask("PATCH", home.replace(address_id, NOBODY), 404, json={"status": "new"})
    await here.ask("GET", f"/api/get-client-properties/{NOBODY}", 404)
    for kind in ("csv", "xlsx"):
        await here.ask(
            "GET", f"/api/clients/{here.client_id}/properties.{kind}", params={"status": "new"}
        )
        await here.ask("GET", f"/api/clients/{NOBODY}/properties.{kind}", 404)
