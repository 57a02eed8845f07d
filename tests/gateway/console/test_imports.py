"""Departments: asked for, followed, refused."""

import re
from typing import Any
from uuid import uuid4

import pytest

from tests.browser.world import furnish, named
from tests.gateway.console.conftest import Console

PATH = "/console/imports"


@pytest.fixture
async def furnished(console: Console) -> Console:
    await furnish(await console.database.connect())
    return console


async def shown(console: Console, path: str = PATH) -> str:
    answer = await console.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


async def open_import(console: Console, department: str) -> Any:
    admin = await console.database.connect()
    [row] = await admin.fetch(
        "select * from scraper.refresh where insee_code = $1 and state in ('queued', 'running')",
        department,
    )
    return row


async def test_imports_are_listed_with_their_states_and_errors(furnished: Console):
    page = await shown(furnished)

    ids = re.findall(r'href="/console/imports/([0-9a-f-]{36})"', page)
    assert ids == [str(named(f"import {state}")) for state in ("running", "done", "failed")]
    assert '<progress value="117" max="393"' in page
    assert "<img src=x" not in page
    assert 'hx-trigger="every' in page


async def test_nothing_moves_where_nothing_is_open(furnished: Console):
    admin = await furnished.database.connect()
    await admin.execute(
        "update scraper.refresh set state = 'done', lease_until = null where state = 'running'"
    )

    assert "hx-trigger" not in await shown(furnished)


async def test_a_department_is_asked_for_with_years(furnished: Console):
    page = await furnished.follow(
        await furnished.post(PATH, {"department": "69", "years": "2019, 2020"})
    )

    assert "The import is asked for" in page
    row = await open_import(furnished, "69")
    assert (row["years"], row["first_year"], row["state"]) == ([2019, 2020], 9999, "queued")


async def test_without_years_those_of_today_are_read(furnished: Console):
    await furnished.post(PATH, {"department": "69", "years": ""})

    assert (await open_import(furnished, "69"))["first_year"] == 0


@pytest.mark.parametrize(
    "form",
    [
        {"department": "67"},
        {"department": ""},
        {"department": "<b>"},
        {"department": "69", "years": "1789"},
        {"department": "69", "years": "2" * 30},
        {"department": "69", "years": "2" * 5000},
        {"department": "69", "years": "twenty"},
        {"department": "69", "years": "2019 2019"},
    ],
)
async def test_what_cannot_be_imported_is_refused_with_the_reason(furnished, form):
    page = await furnished.follow(await furnished.post(PATH, form))

    assert "This import is not possible" in page
    assert '<p lang="en">' in page


async def test_an_import_says_how_far_it_is(furnished: Console):
    running = await shown(furnished, f"{PATH}/{named('import running')}")
    failed = await shown(furnished, f"{PATH}/{named('import failed')}")

    assert "117 of 393 steps" in running
    assert 'hx-trigger="every' in running
    assert "hx-trigger" not in failed
    assert "cities keep what they had" in failed
    assert "/console/cities?department=42" in failed


async def test_a_refresh_of_a_city_is_no_import(furnished: Console):
    for wanted in (named("refresh done"), uuid4(), "x"):
        assert (await furnished.get(f"{PATH}/{wanted}")).status_code in {404, 422}


async def test_before_the_cities_are_loaded_the_page_says_so(console: Console):
    page = await shown(console)

    assert "PLACES_URL" in page
    assert "No import has been asked for yet" in page
