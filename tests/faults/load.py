"""Clients as they come: some whose day it is, some whose day is tomorrow, some who ask at once.

Whoever gets no answer asks again with the same Idempotency-Key, as our interface promises that
one may. What was answered with 2xx is accepted, and the ledger keeps it.
"""

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from tests.faults.results import Violated
from tests.faults.rig import MORNING, Rig

TOWNS: Final = ("01053", "64260", "75111", "69383")
ADDRESSES: Final = 5
PATIENCE_SECONDS: Final = 120
AT_ONCE: Final = 4
LONGEST_PAUSE_SECONDS: Final = 0.3
"""Before each comes, so that seeds differ in what meets what."""

# They were registered long ago, by a system that is not judged here.
SETTLED: Final = """
    insert into gateway.client (id, first_name, last_name, email, telephone, company_name,
      subscription_type, send_day, addresses_per_report, chosen_cities, property_type_preferences,
      status, active_since, welcomed_at)
    values ($1, 'Prénomdessai' || $2, 'Nomdessai' || $2, 'adresse' || $2 || '@agence.example',
      '+336000000' || $2, 'Agence Secrète ' || $2, 'pro', $3, $4, array[$5],
      array['house', 'apartment'], 'active', '2026-10-18', public.clock())
"""


async def settle(rig: Rig, clients: int) -> None:
    """The clients of old: a third are due today, a sixth tomorrow."""
    today = MORNING.day
    days = [today] * (clients // 3) + [today + 1] * (clients // 6)
    for number, send_day in enumerate(days, start=10):
        client_id, town = uuid4(), TOWNS[number % len(TOWNS)]
        kept = rig.ledger.due if send_day == today else rig.ledger.noticed
        kept.add(client_id)
        await rig.query(SETTLED, client_id, str(number), send_day, ADDRESSES, town)


async def load(rig: Rig, clients: int) -> None:
    """The others register and ask for addresses at once; returns when each was accepted."""
    gate = asyncio.Semaphore(AT_ONCE)
    numbers = range(50, 50 + clients - clients // 3 - clients // 6)
    await asyncio.gather(*(_in_turn(rig, number, gate) for number in numbers))
    rig.loaded.set()


async def _in_turn(rig: Rig, number: int, gate: asyncio.Semaphore) -> None:
    async with gate:
        await asyncio.sleep(rig.random.random() * LONGEST_PAUSE_SECONDS)
        await process(rig, await register(rig, number))


async def register(rig: Rig, number: int, **changed: Any) -> UUID:
    """A new client, accepted."""
    wanted = {
        "first_name": f"Prénomdessai{number}",
        "last_name": f"Nomdessai{number}",
        "email": f"adresse{number}@agence.example",
        "telephone": f"+336000000{number}",
        "company_name": f"Agence Secrète {number}",
        "subscription_type": "pro",
        "send_day": (MORNING + timedelta(days=10)).day,
        "addresses_per_report": ADDRESSES,
        "chosen_cities": [TOWNS[number % len(TOWNS)]],
        "property_type_preferences": ["house", "apartment"],
    }
    answer = await accepted(rig, "/api/clients", {**wanted, **changed})
    client_id = UUID(answer["client_id"])
    rig.ledger.clients.add(client_id)
    return client_id


async def process(rig: Rig, client_id: UUID) -> UUID:
    """A job of this client, accepted."""
    answer = await accepted(rig, "/api/process-client", {"client_id": str(client_id)})
    job_id = UUID(answer["job_id"])
    rig.ledger.jobs[job_id] = client_id
    return job_id


async def accepted(rig: Rig, path: str, body: dict[str, Any]) -> Any:
    """The answer of a POST, asked again under one key until it is 2xx."""
    headers = {"Idempotency-Key": str(uuid4())}
    said = "no answer"

    async def asked() -> Any:
        nonlocal said
        try:
            answer = await rig.api.post(path, json=body, headers=headers)
        except httpx.TransportError as error:
            said = type(error).__name__
            return None
        said = f"{answer.status_code} {answer.text[:200]}"
        return answer.json() if answer.is_success else None

    try:
        return await rig.until(asked, PATIENCE_SECONDS)
    except Violated as error:
        raise Violated(f"POST {path} was never accepted; last: {said}") from error
