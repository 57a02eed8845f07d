"""An inhabitant objects: the agent says so, and nobody sees the address again."""

import asyncio
from uuid import uuid4

import pytest

from services.gateway.routes.agent import objection
from tests.gateway.agent.conftest import Agent, home, streets


async def test_an_objection_hides_the_address_from_everybody(agent: Agent, other: Agent):
    await stock(agent, "b")
    await agent.deliver("b", "a")

    careless = await agent.post(f"{home('b')}/objection", {"confirmation": "non"})
    text = await agent.follow(await agent.post(f"{home('b')}/objection", {"confirmation": " OUI "}))

    assert careless.status_code == 422
    assert "Tapez le mot demandé" in careless.text
    assert "L’opposition est enregistrée" in text
    assert len(streets(text)) == 1
    assert (await agent.get(home("b"))).status_code == 404
    assert streets(await other.read()) == []
    (told,) = await agent.admin.fetch("select actor, action from gateway.audit")
    assert (told["actor"], told["action"]) == (f"page of {agent.client_id}", "opposition.create")
    assert (await agent.post(f"{home('b')}/objection", {"confirmation": "oui"})).status_code == 404


async def test_an_agent_tells_so_many_a_day(agent: Agent):
    await agent.deliver("a")
    await agent.admin.execute(
        """insert into gateway.audit (actor, action, target, request_id)
           select $1, 'opposition.create', n::text, '' from generate_series(1, 20) as n""",
        f"page of {agent.client_id}",
    )

    answer = await agent.post(f"{home('a')}/objection", {"confirmation": "oui"})

    assert answer.status_code == 429
    assert "répondez à l’un de nos messages" in answer.text
    assert await agent.admin.fetchval("select count(*) from scraper.opposition") == 0


async def test_many_at_once_are_no_more_a_day(agent: Agent, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(objection, "MOST_A_DAY", 1)
    doors = "abc"
    for number, door in enumerate(doors, 1):
        await agent.deliver(door, address=f"{number} RUE DE LA REPUBLIQUE")

    answers = await asyncio.gather(
        *(agent.post(f"{home(door)}/objection", {"confirmation": "oui"}) for door in doors)
    )

    assert sorted(answer.status_code for answer in answers) == [303, 429, 429]


async def stock(agent: Agent, door: str) -> None:
    """Have the door in stock at the address that was delivered."""
    await agent.admin.execute(
        """insert into scraper.property (property_id, sale_key, home_key, insee_code, sold_on, kind,
             offered, postable, address, postal_code, city_name, price_eur, source, edition,
             file_sha256, line)
           values ($2, $2, $1, '01053', '2019-06-14', 'house', true, true, '12 B RUE DE LA REPUBLIQUE',
                   '01000', 'Bourg-en-Bresse', 182000, '', '', repeat('0', 64), 1)""",
        door, uuid4(),
    )  # fmt: skip
