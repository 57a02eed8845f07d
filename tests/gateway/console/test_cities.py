"""Communes: found, listed, looked at, read again."""

import html
import json
import re
from typing import Any

import pytest

from tests.browser.world import furnish, named
from tests.gateway.console.conftest import Console

BOURG = "/console/cities/01053"


@pytest.fixture
async def furnished(console: Console) -> Console:
    await furnish(await console.database.connect())
    return console


async def shown(console: Console, path: str) -> str:
    answer = await console.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/console/cities/(\w+)"', page)


async def admin_of(console: Console) -> Any:
    connection = await console.database.connect()
    await connection.execute("set session_replication_role = replica")
    return connection


async def test_the_largest_come_first_with_what_is_known_of_them(furnished: Console):
    page = await shown(furnished, "/console/cities")

    assert listed(page)[:3] == ["69123", "67482", "01053"]
    assert "The land register of Alsace and Moselle is not public" in page
    assert "geo-dvf 2026-10" in page


@pytest.mark.parametrize(
    "query, codes",
    [
        ("q=bourg", ["67482", "01053"]),
        ("q=BOURG-en-Brêsse", ["01053"]),
        ("q=01500", ["01004"]),
        ("q=nowhere", []),
        ("department=64", ["64260"]),
        ("department=69&q=lyon", ["69123", "69381"]),
        ("tab=refused", ["67482"]),
        ("tab=failed", ["64260", "42147"]),
        ("tab=read", ["01053", "69381", "64260", "01004"]),
    ],
)
async def test_a_search_a_department_or_a_state_narrows_the_list(furnished, query, codes):
    assert listed(await shown(furnished, f"/console/cities?{query}")) == codes


async def test_the_cities_that_clients_chose_are_counted(furnished: Console):
    page = await shown(furnished, "/console/cities?tab=chosen")
    admin = await admin_of(furnished)
    chosen = await admin.fetchval(
        "select count(distinct code) from gateway.client, unnest(chosen_cities) as code"
        " join scraper.place on insee_code = code"
    )

    assert len(listed(page)) == chosen
    assert '<td class="number">0</td>' not in page


async def test_a_page_of_fifty_leads_to_the_next_and_keeps_the_search(console: Console):
    admin = await admin_of(console)
    await admin.execute(
        "insert into scraper.place (insee_code, city_id, name, department, region, search)"
        " select (10000 + n)::text, uuidv7(), 'Ville ' || n, 'Aube', 'Est', 'ville ' || n"
        " from generate_series(1, 60) as n"
    )
    first = await shown(console, "/console/cities?q=ville&department=10")
    [target] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = await shown(console, html.unescape(target))

    assert (len(listed(first)), len(listed(second))) == (50, 10)
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


async def test_an_empty_list_says_what_to_do(console: Console):
    assert "PLACES_URL" in await shown(console, "/console/cities")


async def test_the_stock_is_that_of_the_window_by_kind(furnished: Console):
    admin = await admin_of(furnished)
    rows = await admin.fetch(
        "select kind, count(*) from scraper.candidate where insee_code = '01053'"
        " and sold_on between current_date - interval '8 years' and current_date - interval '6 years'"
        " group by kind"
    )
    page = await shown(furnished, BOURG)
    table = page[page.index('id="stock"') :].split("</table>")[0]

    words = {"house": "House", "apartment": "Flat", "land": "Land"}
    told = dict(re.findall(r'<th scope="row">(\w+)</th><td class="number">(\d+)</td>', table))
    assert told == {words[row[0]]: str(row[1]) for row in rows}


async def test_lyon_has_the_stock_of_its_arrondissements(furnished: Console):
    whole = await shown(furnished, "/console/cities/69123")
    part = await shown(furnished, "/console/cities/69381")
    stocks = [
        re.findall(
            r'</th><td class="number">(\d+)</td>',
            page[page.index('id="stock"') :].split("</table>")[0],
        )
        for page in (whole, part)
    ]

    assert stocks[0] == stocks[1] != []
    assert 'href="/console/cities/69382"' in whole


async def test_the_table_and_the_plot_say_the_same(furnished: Console):
    admin = await admin_of(furnished)
    await admin.execute("delete from scraper.price_period")
    await admin.execute(
        "insert into scraper.price_period values ('01053', 'quarter', 'house', '2024-01-01', 9, 2100),"
        " ('01053', 'quarter', 'house', '2024-04-01', 7, 2250),"
        " ('01053', 'quarter', 'apartment', '2024-04-01', 5, 1800),"
        " ('01053', 'year', 'house', '2024-01-01', 30, 2222)"
    )
    page = await shown(furnished, BOURG)
    [told] = re.findall(r'data-series="([^"]+)"', page)
    series = json.loads(html.unescape(told))
    table = page[page.index('id="price-table"') :].split("</table>")[0]

    assert [each["values"] for each in series["series"]] == [[2100, 2250], [None, 1800]]
    assert series["x"] == [1704067200, 1711929600]
    assert re.findall(r'<data value="(\d+)"', table) == ["2250", "1800", "2100"]
    assert re.findall(r'<th scope="row">([^<]+)</th>', table) == ["Q2 2024", "Q1 2024"]
    assert '<data value="2222"' in await shown(furnished, f"{BOURG}?by=year")


async def test_a_city_without_prices_loads_no_plot(furnished: Console):
    page = await shown(furnished, "/console/cities/67482")

    assert "plot.js" not in page
    assert "Not enough sales" in page
    assert "/refresh" not in page


async def test_a_refresh_is_asked_for_once_and_moves_by_itself(furnished: Console):
    admin = await admin_of(furnished)
    await admin.execute("truncate gateway.audit")
    back = await furnished.post(f"{BOURG}/refresh")
    again = await furnished.post(f"{BOURG}/refresh")
    page = await furnished.follow(again)

    assert back.headers["location"] == again.headers["location"] == f"{BOURG}#refreshes"
    assert "is being read again" in page
    assert 'hx-trigger="every' in page
    assert (
        await admin.fetchval(
            "select count(*) from scraper.refresh where insee_code = '01053' and state = 'queued'"
        )
        == 1
    )
    asked = "select count(*) from gateway.audit where action = 'city.refresh'"
    assert await admin.fetchval(asked) == 2


async def test_a_city_without_public_sales_is_not_read(furnished: Console):
    page = await furnished.follow(await furnished.post("/console/cities/67482/refresh"))

    assert "are not public: nothing was asked for" in page


async def test_clients_are_named_and_harmless(furnished: Console):
    admin = await admin_of(furnished)
    client = named("client hostile")
    await admin.execute(
        "update gateway.client set chosen_cities = '{42147}', company_name = '<img src=x>' where id = $1",
        client,
    )
    page = await shown(furnished, "/console/cities/42147")

    assert "<img src=x" not in page
    assert f"/console/clients/{client}" in page


@pytest.mark.parametrize("code", ["99999", "x", "0105"])
async def test_a_code_that_nobody_has_is_a_page_that_says_so(console: Console, code: str):
    answer = await console.get(f"/console/cities/{code}")

    assert answer.status_code in {400, 404, 422}
    assert answer.headers["content-type"].startswith("text/html")
