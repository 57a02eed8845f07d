"""A client of the console: what the page tells, and the cards of its homes."""

import itertools
import re
from uuid import uuid4

import pytest

from libs.common.postgres import Connection
from tests.gateway.console.conftest import Console
from tests.gateway.console.test_clients import client
from tests.gateway.routes.conftest import deliver
from tests.gateway.routes.delivered import address, oppose

CARDS = re.compile(r'data-place="([0-9a-f-]{36})"')
STOCK = """
    insert into scraper.property (
      property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, address,
      postal_code, city_name, price_eur, surface_m2, rooms, latitude, longitude, source, edition,
      file_sha256, line)
    select gen_random_uuid(), gen_random_uuid(), 'door-' || n, '01053', current_date - 2555 + n,
           'house', true, true, n || ' RUE DE LA REPUBLIQUE', '01000', 'Bourg-en-Bresse', 182000,
           96.5, 4, 46.2, 5.2, 'geo-dvf', '2024-10', repeat('0', 64), n
    from generate_series(1, 4) as n
"""


@pytest.fixture
async def zoe(admin: Connection) -> str:
    return await client(admin, "Zoé Martin", company="Agence du Lac")


async def page(console: Console, client_id: str, more: str = "") -> str:
    answer = await console.get(f"/console/clients/{client_id}{more}")
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_new_client_is_told_with_what_comes_next(console: Console, zoe: str):
    told = await page(console, zoe)

    assert "<h1>Agence du Lac</h1>" in told
    assert "Served each month, since 1 January 2026." in told
    assert "zoé.martin@agence.example" in told
    assert "Bourg-en-Bresse" in told
    assert "Nothing has been delivered yet." in told
    assert "No mail. The first goes out on activation." in told
    assert "No operator has acted on this client." in told


async def test_the_next_delivery_is_that_of_the_schedule(
    console: Console, zoe: str, admin: Connection
):
    due = await admin.fetchval(
        "select to_char(first_delivery_on, 'FMDD FMMonth YYYY') from gateway.client_contact"
    )
    assert f"On {due}" in await page(console, zoe)


@pytest.mark.parametrize(
    "status, why",
    [("inactive", "Paused: no delivery"), ("test", "by hand only"), ("pending", "Not active yet")],
)
async def test_who_is_not_active_is_told_why_nothing_comes(
    console: Console, admin: Connection, status: str, why: str
):
    told = await page(console, await client(admin, "Jean Dupont", status=status))

    assert why in told
    assert "None: only active clients are on the schedule." in told
    assert ("/trial" in told) == (status == "test")
    assert "/resume" in told
    assert "/process" not in told


async def test_of_a_home_that_is_sold_nobody_is_to_be_called_back(
    console: Console, zoe: str, admin: Connection
):
    await deliver(admin, zoe, "a")
    follow = "select count(*) from assigner.follow_up($1, $2, $3)"
    facts = {"status": "sold", "follow_up": "2026-01-02"}
    await admin.fetchval(follow, zoe, address("a"), facts)

    assert "To be called back" not in await page(console, zoe)


async def test_homes_stand_on_cards(console: Console, zoe: str, admin: Connection):
    job = await deliver(admin, zoe, "a", "b")
    follow = "select count(*) from assigner.follow_up($1, $2, $3)"
    facts = {"status": "meeting", "notes": "Rappeler <b>", "follow_up": "2026-01-02"}
    await admin.fetchval(follow, zoe, address("a"), facts)

    told = await page(console, zoe)
    assert CARDS.findall(told) == [address("a"), address("b")]
    assert "12 B RUE DE LA REPUBLIQUE" in told
    assert "€182,000" in told
    assert "€1,886/m²" in told
    assert "14 June 2019" in told
    assert f"/console/jobs/{job}" in told
    assert "Rappeler &lt;b&gt;" in told
    assert "To be called back" in told
    assert f'data-places="/console/clients/{zoe}/places.json"' in told
    only = await page(console, zoe, "?stage=meeting")
    assert CARDS.findall(only) == [address("a")]
    assert CARDS.findall(await page(console, zoe, "?stage=sold")) == []


async def test_the_cards_are_paged_and_each_home_leads_to_its_page(
    console: Console, zoe: str, admin: Connection
):
    await deliver(admin, zoe, *(f"door {number}" for number in range(120)))

    pages = [CARDS.findall(await page(console, zoe, f"?page={n}")) for n in (1, 2, 3, 4)]
    assert [len(each) for each in pages] == [36, 36, 36, 12]
    assert len({*itertools.chain(*pages)}) == 120
    third = pages[2]
    led = await console.get(f"/console/clients/{zoe}/places/{third[3]}")
    assert led.status_code == 303
    assert led.headers["location"] == f"/console/clients/{zoe}?page=3#place-{third[3]}"
    elsewhere = await console.get(f"/console/clients/{zoe}/places/{uuid4()}")
    assert elsewhere.status_code == 404


async def test_a_door_that_was_opposed_is_not_shown(console: Console, zoe: str, admin: Connection):
    await deliver(admin, zoe, "a", "b")
    await oppose(admin, "a")
    assert CARDS.findall(await page(console, zoe)) == [address("b")]


async def test_jobs_and_mails_are_told(console: Console, zoe: str, admin: Connection):
    job = await admin.fetchval(
        """insert into gateway.job (client_id, kind, count, as_of, seed, cities, kinds, status,
                                    error_message)
           values ($1, 'process', 10, '2026-11-21', 7, '{01053}', '{house}', 'failed', 'No <source>')
           returning id::text""",
        zoe,
    )
    await admin.execute(
        """insert into notifier.mail (id, kind, subject_id, message_id, client_id, state, version,
                                      give_up_at, evidence)
           values (gen_random_uuid(), 'welcome', $1, 'x', $1, 'unknown', 1, public.clock(), '<lost>')""",
        zoe,
    )
    told = await page(console, zoe)
    assert f"/console/jobs/{job}" in told
    assert "No &lt;source&gt;" in told
    assert "In doubt" in told
    assert "&lt;lost&gt;" in told


async def test_a_dry_run_shows_what_would_be_chosen(console: Console, zoe: str, admin: Connection):
    await admin.execute(STOCK)
    told = await page(console, zoe, "/trial?count=3")

    assert told.count("RUE DE LA REPUBLIQUE") == 3
    assert "3 of 3" in told
    for table in ("gateway.job", "assigner.choice", "assigner.assignment"):
        assert await admin.fetchval(f"select count(*) from {table}") == 0, table  # noqa: S608
    assert (await console.get(f"/console/clients/{zoe}/trial?count=101")).status_code == 422


async def test_a_dry_run_says_why_there_is_nothing(console: Console, admin: Connection, zoe: str):
    assert "Nothing would be chosen" in await page(console, zoe, "/trial")
    paused = await client(admin, "Jean Dupont", status="inactive")
    assert "Only active or test clients can be tried out." in await page(console, paused, "/trial")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
async def test_what_was_received_is_exported(
    console: Console, zoe: str, admin: Connection, ending: str
):
    await deliver(admin, zoe, "a")
    answer = await console.get(f"/console/clients/{zoe}/properties.{ending}")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f'.{ending}"')
    assert len(answer.content) > 500


@pytest.mark.parametrize("more", ["", "/edit", "/trial", "/properties.csv"])
async def test_an_id_that_names_nobody_is_a_page(console: Console, more: str):
    answer = await console.get(f"/console/clients/{uuid4()}{more}")
    assert answer.status_code == 404
    assert "<h1>" in answer.text
    assert (await console.get(f"/console/clients/nobody{more}")).status_code == 422


async def test_nobody_sees_it_without_signing_in(console: Console, zoe: str):
    console.http.cookies.clear()
    for more in ("", "/edit", "/trial", "/properties.csv", "/properties.xlsx"):
        answer = await console.get(f"/console/clients/{zoe}{more}")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/console/sign-in")
