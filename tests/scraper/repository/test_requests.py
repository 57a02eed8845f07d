"""A city read anew because an operator asks for it."""

from typing import Any
from uuid import UUID

import pytest

from libs.common.postgres import Connection
from services.scraper.repository import store_places
from tests.scraper.stage import Scraper, asking, place
from tests.support.database import Database

pytestmark = pytest.mark.usefixtures("places")


@pytest.fixture
async def gateway(database: Database) -> Connection:
    return await database.connect("gateway")


async def ask(gateway: Connection, code: str) -> UUID:
    [row] = await gateway.fetch("select id, refusal from scraper.request_refresh($1)", code)
    assert row["refusal"] is None
    return row["id"]


async def shown(gateway: Connection, asked: UUID) -> tuple[Any, ...]:
    [row] = await gateway.fetch(
        "select state, done, total, error from scraper.refresh_overview where id = $1", asked
    )
    return tuple(row)


async def know(scraper: Scraper, *codes: str) -> None:
    await store_places(scraper.connection, [place(code) for code in codes], {})


async def test_a_fresh_city_is_read_anew_when_an_operator_says_so(
    scraper: Scraper, gateway: Connection
):
    await know(scraper, "01053")
    await scraper.refreshed("01053")
    before = await scraper.row("select last_scraped, first_year from city")

    asked = await ask(gateway, "01053")
    assert await shown(gateway, asked) == ("queued", 0, 0, None)
    await scraper.work()

    after = await scraper.row("select last_scraped, first_year from city")
    state, done, total, error = await shown(gateway, asked)
    assert (state, done, error) == ("done", total, None)
    assert total > 0
    assert after["last_scraped"] > before["last_scraped"]
    assert after["first_year"] == before["first_year"] == 2018


async def test_an_open_refresh_is_joined_and_a_closed_one_is_not(
    scraper: Scraper, gateway: Connection
):
    await know(scraper, "01053")
    await scraper.process(asking("01053"))

    first, again = await ask(gateway, "01053"), await ask(gateway, "01053")
    await scraper.work()
    later = await ask(gateway, "01053")

    assert first == again != later
    assert await scraper.value("select count(*) from refresh") == 2


async def test_paris_is_one_request_for_all_its_arrondissements(
    scraper: Scraper, gateway: Connection
):
    alone = await ask(gateway, "75101")

    asked = await ask(gateway, "75056")

    assert await scraper.value("select count(*) from refresh where insee_code like '751%'") == 20
    assert asked == await ask(gateway, "75056") != alone
    assert await shown(gateway, asked) == ("queued", 0, 0, None)


async def test_a_request_for_several_is_as_far_as_all_of_them(
    scraper: Scraper, gateway: Connection
):
    asked = await ask(gateway, "75056")
    part = "update scraper.refresh set state = $2, done = $3, total = 9, error = $4 where insee_code = $1"
    admin = await scraper.database.connect()

    await admin.execute(part, "75101", "done", 9, None)
    assert await shown(gateway, asked) == ("running", 9, 9, None)

    await admin.execute("update scraper.refresh set state = 'done', done = 9, total = 9")
    await admin.execute(part, "75120", "failed", 3, "2019: broken")
    assert await shown(gateway, asked) == ("failed", 174, 180, "75120: 2019: broken")

    await admin.execute(part, "75120", "done", 9, None)
    assert await shown(gateway, asked) == ("done", 180, 180, None)
    assert await ask(gateway, "75056") != asked


async def test_what_is_not_known_or_not_public_is_said(scraper: Scraper, gateway: Connection):
    request = "select id, refusal from scraper.request_refresh($1)"

    assert await gateway.fetch(request, "99999") == []
    [row] = await gateway.fetch(request, "67482")
    assert tuple(row) == (None, "Les ventes sont inscrites au livre foncier.")
    assert await scraper.value("select count(*) from refresh") == 0
