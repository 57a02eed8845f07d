"""The geocoder's answers are ours or none, in time, at its pace."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from datetime import timedelta
from functools import partial

import httpx
import pytest

from deploy.simulator import Publisher, serving
from deploy.simulator.geocoder import FAULTS
from libs.egress import egress
from services.assigner.domain.position import Question
from services.assigner.geocoder import Geoplateforme
from services.assigner.geocoder import client as geoplateforme
from services.assigner.handlers.ports import GeocoderError
from services.assigner.repository import turns
from tests.support.database import Database

HARMLESS = {"scores", "commune"}
"""Answers in good order, of which the rules believe none."""
BAD = sorted(FAULTS.keys() - HARMLESS - {"slow"})


def question(number: int = 1, **changed: str | float | None) -> Question:
    facts: dict[str, str | float | None] = {
        "address": f"{number} rue de la République",
        "city": "Bourg-en-Bresse",
        "insee_code": "01053",
        "latitude": 46.2,
        "longitude": 5.22,
    }
    return Question(**(facts | changed))  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def site() -> Generator[Publisher]:
    with serving() as publisher:
        yield publisher


@pytest.fixture
async def web(site: Publisher) -> AsyncGenerator[httpx.AsyncClient]:
    async with egress([f"127.0.0.1:{site.server_port}"]) as client:
        yield client


def service(web: httpx.AsyncClient, site: Publisher, fault: str = "") -> Geoplateforme:
    prefix = f"/faults/{fault}" if fault else ""
    return Geoplateforme(web, f"{site.url}{prefix}/geocodage/")


async def test_answers_come_in_the_order_of_the_questions(web: httpx.AsyncClient, site: Publisher):
    asked = [question(number) for number in range(1, 101)]

    answers = await service(web, site).ask(asked, seconds=5)

    numbers = [answer.house_number if answer else None for answer in answers]
    assert len(numbers) == 100
    assert {
        said for said, number in zip(numbers, range(1, 101), strict=True) if said != str(number)
    } <= {"", None}
    assert sum(1 for answer in answers if answer and answer.kind == "housenumber") > 90
    assert all(answer.city_codes == ("01053", "") for answer in answers if answer)


async def test_codes_of_every_department_come_back_as_they_went(
    web: httpx.AsyncClient, site: Publisher
):
    codes = [
        "01053",
        "02408",
        "09122",
        "2A004",
        "2B033",
        "97105",
        "97411",
        "75101",
        "69389",
        "13216",
    ]

    answers = await service(web, site).ask([question(insee_code=code) for code in codes], seconds=5)

    said = [
        (code, answer.city_codes[0]) for code, answer in zip(codes, answers, strict=True) if answer
    ]
    assert len(said) >= 9
    assert all(code == theirs for code, theirs in said)


async def test_an_address_may_hold_what_a_table_is_made_of(web: httpx.AsyncClient, site: Publisher):
    wild = question(address='7 rue "des Lilas", au\nfond', latitude=None, longitude=None)

    answers = await service(web, site).ask([wild, question(8)], seconds=5)

    assert len(answers) == 2


@pytest.mark.parametrize("fault", BAD)
async def test_an_answer_in_disorder_is_refused_as_a_whole(
    web: httpx.AsyncClient, site: Publisher, fault: str
):
    with pytest.raises(GeocoderError) as refused:
        await service(web, site, fault).ask([question(1), question(2)], seconds=5)

    assert refused.value.again_in == (5.0 if fault == "429" else 0.5)


async def test_a_slow_answer_is_not_waited_for(web: httpx.AsyncClient, site: Publisher):
    began = asyncio.get_running_loop().time()

    with pytest.raises(GeocoderError):
        await service(web, site, "slow").ask([question()], seconds=0.3)

    assert asyncio.get_running_loop().time() - began < 1.5


async def test_who_is_told_to_wait_asks_nobody_meanwhile(web: httpx.AsyncClient, site: Publisher):
    asking = service(web, site, "429")
    site.asked.clear()

    waits = [await refusal(asking) for _ in range(3)]

    assert len(site.asked) == 1
    assert all(wait and 4 < wait <= 5 for wait in waits)


async def test_a_service_in_trouble_is_left_alone_and_then_tried_once(
    web: httpx.AsyncClient, site: Publisher, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(geoplateforme, "REST_SECONDS", 0.3)
    monkeypatch.setattr(geoplateforme, "BLOCKED_SECONDS", 0.0)
    asking = service(web, site, "500")
    site.asked.clear()

    waits = [await refusal(asking) for _ in range(8)]
    await asyncio.sleep(0.35)  # the rest is over; nothing to await
    waits += [await refusal(asking) for _ in range(2)]

    assert waits == [0.5] * 4 + [None] * 6
    assert len(site.asked) == 6


async def refusal(asking: Geoplateforme) -> float | None:
    with pytest.raises(GeocoderError) as refused:
        await asking.ask([question()], seconds=5)
    return refused.value.again_in


async def test_what_may_not_be_reached_is_not_tried_again(site: Publisher):
    async with egress() as guarded:
        assert await refusal(Geoplateforme(guarded, site.url)) is None


async def test_requests_leave_at_the_pace_of_the_service(
    web: httpx.AsyncClient, site: Publisher, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(geoplateforme, "REQUESTS_A_SECOND", 20.0)
    asking, clock = service(web, site), asyncio.get_running_loop().time
    began = clock()

    await asyncio.gather(*(asking.ask([question(n)], seconds=5) for n in range(1, 12)))

    assert clock() - began >= 10 / 20


async def test_several_assigners_keep_the_pace_together(
    database: Database, web: httpx.AsyncClient, site: Publisher
):
    pools = [await database.pool("assigner") for _ in range(2)]
    both = [Geoplateforme(web, f"{site.url}/geocodage", partial(turns.take, p, 20)) for p in pools]
    clock = asyncio.get_running_loop().time
    began = clock()

    await asyncio.gather(*(both[n % 2].ask([question(n)], seconds=5) for n in range(1, 12)))

    assert clock() - began >= 10 / 20


async def test_a_clock_put_back_stops_nobody_from_asking_for_long(database: Database):
    pool = await database.pool("assigner")
    await turns.take(pool, 40)
    await database.advance(timedelta(hours=-1))

    assert await turns.take(pool, 40) <= 10
    assert await turns.take(pool, 40) <= 10.1


async def test_who_gets_no_turn_in_time_asks_nobody(web: httpx.AsyncClient, site: Publisher):
    async def late() -> float:
        return 1.0

    site.asked.clear()
    asking = Geoplateforme(web, f"{site.url}/geocodage", late)

    with pytest.raises(GeocoderError) as refused:
        await asking.ask([question()], seconds=0.5)

    assert refused.value.again_in == 0.5
    assert list(site.asked) == []
