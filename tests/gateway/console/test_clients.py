"""Clients of the console: found by a word, listed with what is wrong."""

import re
import time
from typing import Any

import pytest

from libs.common.postgres import Connection
from services.gateway.repository.console import clients
from services.gateway.repository.console.clients import Wanted
from tests.gateway.console.conftest import Console
from tests.gateway.routes.conftest import deliver
from tests.support.database import Database

CLIENT = """
    insert into gateway.client (status, first_name, last_name, email, company_name, subscription_type,
      send_day, addresses_per_report, chosen_cities, property_type_preferences, active_since, created_at)
    values ($1, $2, $3, $4, $5, 'pro', $6, 10, $7, '{house}', '2026-01-01',
            public.clock() - make_interval(mins => $8))
    returning id::text
"""
NAMES = re.compile(r'<a href="/console/clients/[0-9a-f-]{36}">([^<]*)</a>')


async def client(admin: Connection, name: str, minutes_ago: int = 0, **other: Any) -> str:
    given = {"status": "active", "company": None, "day": 15, "cities": ["01053"], **other}
    email = given.get("email", f"{name.lower().replace(' ', '.')}@agence.example")
    first, last = name.split(" ", 1)
    client_id = await admin.fetchval(
        CLIENT, given["status"], first, last, email, given["company"], given["day"], given["cities"],
        minutes_ago,
    )  # fmt: skip
    return str(client_id)


async def names(console: Console, **query: Any) -> list[str]:
    answer = await console.get("/console/clients", params=query)
    assert answer.status_code == 200, answer.text
    return NAMES.findall(answer.text)


@pytest.fixture
async def three(admin: Connection) -> list[str]:
    return [
        await client(admin, "Zoé Martin", 3, company="Agence du Lac", cities=["64260"]),
        await client(admin, "Jean Dupont", 2, status="inactive", day=3, cities=["69123", "01053"]),
        await client(admin, "Élodie Œuvrard", 1, status="test", email="e_o%x@agence.example"),
    ]


async def test_without_any_client_it_says_how_to_begin(console: Console):
    page = (await console.get("/console/clients")).text
    assert "There is no client yet" in page
    assert 'href="/console/clients/new"' in page


@pytest.mark.parametrize(
    "q, found",
    [
        ("martin", ["Agence du Lac"]),
        ("ZOE", ["Agence du Lac"]),
        ("lac zoé", ["Agence du Lac"]),
        ("du lac martin jean", []),
        ("jean.dupont@agence", ["Jean Dupont"]),
        ("oeuvrard", ["Élodie Œuvrard"]),
        ("_o%x", ["Élodie Œuvrard"]),
        ("%", ["Élodie Œuvrard"]),
        ("hendaye", ["Agence du Lac"]),
        ("64700", ["Agence du Lac"]),
        ("lyon", ["Jean Dupont"]),
        ("Bourg en Bresse", ["Élodie Œuvrard", "Jean Dupont"]),
        ("bresse zzz", []),
        ("'; drop table client; --", []),
        ("\x00", ["Élodie Œuvrard", "Jean Dupont", "Agence du Lac"]),
    ],
)
@pytest.mark.usefixtures("three")
async def test_a_client_is_found_by_a_name_a_mail_address_or_a_city(
    console: Console, q: str, found: list[str]
):
    assert await names(console, q=q) == found


async def test_a_client_is_found_by_the_beginning_of_its_id(console: Console, three: list[str]):
    whole = [await names(console, q=each) for each in three]
    assert whole == [["Agence du Lac"], ["Jean Dupont"], ["Élodie Œuvrard"]]
    assert set(await names(console, q=three[0][:8])) >= {"Agence du Lac"}


@pytest.mark.usefixtures("three")
async def test_tabs_and_days_leave_out_the_others(console: Console):
    assert await names(console, tab="active") == ["Agence du Lac"]
    assert await names(console, tab="inactive") == ["Jean Dupont"]
    assert await names(console, tab="test") == ["Élodie Œuvrard"]
    assert await names(console, tab="pending") == []
    assert await names(console, day=3) == ["Jean Dupont"]
    assert await names(console, day=3, tab="active") == []
    assert await names(console, day="") == ["Élodie Œuvrard", "Jean Dupont", "Agence du Lac"]


async def test_who_wants_no_mails_has_a_tab(console: Console, three: list[str], admin: Connection):
    await admin.execute("select notifier.suppress($1, 'link')", three[1])

    assert await names(console, tab="unsubscribed") == ["Jean Dupont"]


async def test_fifty_stand_on_a_page(console: Console, admin: Connection):
    for number in range(53):
        await client(admin, f"Client No{number:02}", number)

    first = (await console.get("/console/clients", params={"q": "client"})).text
    assert len(NAMES.findall(first)) == 50
    assert 'rel="next" href="/console/clients?q=client&amp;page=2"' in first
    second = (await console.get("/console/clients?q=client&page=2")).text
    assert NAMES.findall(second) == ["Client No50", "Client No51", "Client No52"]
    assert 'rel="prev" href="/console/clients?q=client"' in second
    assert 'rel="next"' not in second


async def test_a_line_tells_the_last_delivery_the_next_and_what_is_wrong(
    console: Console, three: list[str], admin: Connection
):
    await deliver(admin, three[0], "a", "b")
    await admin.execute(
        """insert into gateway.job (client_id, kind, count, as_of, seed, cities, kinds, status,
                                    error_message, properties_assigned)
           values ($1, 'process', 10, '2026-11-21', 7, '{64260}', '{house}', 'failed', 'x', null),
                  ($2, 'test', 10, '2026-11-21', 7, '{64260}', '{house}', 'completed', null, 3)""",
        three[0], three[2],
    )  # fmt: skip
    await admin.execute("update scraper.place set refusal = 'gone' where insee_code = '69123'")

    page = (await console.get("/console/clients")).text
    rows = page.split("<tr>")
    lac, dupont, oeuvrard = (
        next(row for row in rows if name in row) for name in ("Lac", "Dupont", "Œuvrard")
    )
    assert "2 addresses" in lac
    assert "Last job failed" in lac
    assert "None planned" in dupont
    assert "A city is not covered" in dupont
    assert "Lyon, Bourg-en-Bresse" in dupont
    assert "Fewer addresses than asked for" in oeuvrard
    assert "3/10" in oeuvrard


@pytest.mark.usefixtures("three")
async def test_names_are_text(console: Console, admin: Connection):
    await client(
        admin, "<b>Bold</b> <script>ran(1)</script>", company='"><img src=x onerror=ran(2)>'
    )

    page = (await console.get("/console/clients")).text
    assert "<script>ran" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;ran(1)" in page


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("query", ["tab=all", "day=32", "day=x", "page=0", f"q={'x' * 201}"])
async def test_what_no_filter_means_is_refused(console: Console, query: str):
    assert (await console.get(f"/console/clients?{query}")).status_code == 422


async def test_the_erased_are_listed_without_a_name(
    console: Console, three: list[str], admin: Connection
):
    await admin.execute(
        "insert into gateway.erased_client values ($1, 12, 3, 2, public.clock())", three[0]
    )
    page = (await console.get("/console/clients?tab=erased")).text
    assert f"/console/clients/{three[0]}" in page
    assert "Zoé" not in page


MANY = """
    insert into gateway.client (first_name, last_name, email, subscription_type, send_day,
      addresses_per_report, chosen_cities, property_type_preferences, active_since)
    select 'Prénom', 'Nom ' || n, 'agent' || n || '@agence.example', 'pro', 1 + n % 31, 10,
           '{01053,64260}', '{house}', '2026-01-01'
    from generate_series(1, 10000) as n
"""


@pytest.mark.parametrize("q", ["", "nom 7777", "prenom", "hendaye", "zzzzz", "0123abcd"])
async def test_ten_thousand_clients_are_searched_at_once(
    database: Database, admin: Connection, q: str
):
    await admin.execute(MANY)
    await admin.execute("analyze gateway.client")
    connection = await database.connect("gateway")
    wanted = Wanted(tab=None, send_day=None, words=q.split(), place=q, ids=clients.ids_beginning(q))
    began = time.monotonic()
    for _ in range(3):
        await clients.page(connection, wanted, limit=51, offset=0)

    assert time.monotonic() - began < 3, "alone it takes 30 ms each"
