"""The list of an agent: this month first, older ones a tap away, found and sorted by its address."""

from datetime import UTC, date, datetime

import pytest

from tests.gateway.agent.conftest import Agent, home, streets
from tests.gateway.routes.delivered import address, oppose

OCTOBER = datetime(2026, 10, 15, 7, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 15, 7, tzinfo=UTC)


@pytest.fixture
async def stocked(agent: Agent) -> Agent:
    """Two months: an old flat in Hendaye, and three homes of which one is to be followed up."""
    await agent.deliver(
        "old", on=OCTOBER, address="9 QUAI VIEUX", kind="apartment", insee_code="64260",
        city_name="Hendaye", postal_code="64700", price_eur=90_000, sold_on=date(2019, 1, 2),
    )  # fmt: skip
    await agent.deliver("a", on=NOVEMBER, address="1 RUE A", price_eur=300_000)
    await agent.deliver("b", on=NOVEMBER, address="2 RUE B", price_eur=100_000, kind="land")
    await agent.deliver("c", on=NOVEMBER, address="3 RUE C", sold_on=date(2018, 5, 6))
    await agent.admin.execute(
        """insert into assigner.follow_up (client_id, home_key, status, notes, follow_up)
           values ($1, 'b', 'meeting', 'Mère de l’Élève', '2020-01-01'),
                  ($1, 'old', 'sold', null, '2020-01-01'), ($1, 'a', 'contacted', null, '2099-01-01')""",
        agent.client_id,
    )
    return agent


async def test_the_latest_month_is_shown_and_the_others_are_a_tap_away(stocked: Agent):
    text = await stocked.read()

    assert "<h1>Novembre 2026</h1>" in text
    assert set(streets(text)) == {"1 RUE A", "2 RUE B", "3 RUE C"}
    assert f'href="{stocked.path}?month=2026-10"' in text
    october = await stocked.read("?month=2026-10")
    assert streets(october) == ["9 QUAI VIEUX"]
    assert f'href="{stocked.path}"' in october
    every = await stocked.read("?month=all")
    assert len(streets(every)) == 4
    assert every.index("<h2>Novembre 2026</h2>") < every.index("<h2>Octobre 2026</h2>")


NARROWED = (
    ("status=meeting", ["2 RUE B"]),
    ("status=new", ["3 RUE C"]),
    ("kind=land", ["2 RUE B"]),
    ("kind=apartment", []),
    ("month=all&kind=apartment", ["9 QUAI VIEUX"]),
    ("month=all&city=64260", ["9 QUAI VIEUX"]),
    ("q=rue+a", ["1 RUE A"]),
    ("q=ELEVE", ["2 RUE B"]),
    ("q=%25", ["1 RUE A", "2 RUE B", "3 RUE C"]),
    ("month=all&q=64700", ["9 QUAI VIEUX"]),
    ("month=all&due=1", ["2 RUE B"]),
    ("month=2031-01", []),
)


async def test_a_list_is_narrowed_by_its_address(stocked: Agent):
    for asked, found in NARROWED:
        text = await stocked.read(f"?{asked}")
        assert (asked, sorted(streets(text))) == (asked, found)


SORTED = (
    ("price", ["9 QUAI VIEUX", "2 RUE B", "3 RUE C", "1 RUE A"]),
    ("price_down", ["1 RUE A", "3 RUE C", "2 RUE B", "9 QUAI VIEUX"]),
    ("sold", ["3 RUE C", "9 QUAI VIEUX"]),
    ("city", ["", "", "", "9 QUAI VIEUX"]),
    ("follow_up", ["", "", "1 RUE A", "3 RUE C"]),
)


async def test_a_list_is_sorted_by_its_address(stocked: Agent):
    for sort, places in SORTED:
        shown = streets(await stocked.read(f"?month=all&sort={sort}"))
        found = [shown[n] if place else "" for n, place in enumerate(places)]
        assert (sort, found) == (sort, places)
    assert "1 relance à faire" in await stocked.read()


NONSENSE = (
    "status=nothing", "kind=<b>", "city=';--", "month=2026-13", "sort=name", "page=0", "page=x",
     "page=9", "due=2", "q=%00", "q=" + "x" * 4000, "month=", "%ff=%ff", "said=rights", "changed=<b>",
)  # fmt: skip


async def test_what_means_nothing_in_an_address_is_passed_over(stocked: Agent):
    for said in NONSENSE:
        answer = await stocked.get(f"?{said}")
        assert (said, answer.status_code) == (said, 200)
        assert "<b>" not in answer.text
        assert 'class="flash' not in answer.text


async def test_a_long_list_has_pages(agent: Agent):
    await agent.deliver(*[f"d{n}" for n in range(51)])

    first, second = await agent.read(), await agent.read("?page=2")

    assert (len(streets(first)), len(streets(second))) == (50, 1)
    assert f'rel="next" href="{agent.path}?page=2"' in first
    assert f'rel="prev" href="{agent.path}"' in second
    assert len(streets(await agent.read("?page=3"))) == 50


async def test_an_address_alone_tells_all(stocked: Agent):
    await stocked.post(home("a"), {"status": "mandate", "notes": "Clé chez le voisin"})

    text = await stocked.read(home("a"))

    assert "<h1>1 RUE A</h1>" in text
    assert "Clé chez le voisin" in text
    assert "Ce qui a changé" in text
    assert 'value="mandate" aria-pressed="true"' in text


async def test_nobody_sees_an_address_of_another_or_one_that_is_opposed(agent: Agent, other: Agent):
    await agent.deliver("a")
    await oppose(agent.admin, "a")

    for wrong in (home("b"), home("a"), home("unknown"), "/homes/x", "/homes/%00"):
        answer = await agent.get(wrong)
        assert answer.status_code == 404, wrong
        assert "n’est pas dans votre liste" in answer.text
    assert (await other.get(home("b"))).status_code == 200
    assert "Il n’y a pas encore d’adresse" in await agent.read()


async def test_the_map_is_told_of_what_is_listed(stocked: Agent):
    answer = await stocked.get("/places.json?month=all&status=meeting")

    assert [each["id"] for each in answer.json()["places"]] == [address("b")]
    assert len((await stocked.get("/places.json")).json()["places"]) == 4
    assert answer.headers["Cache-Control"] == "private, no-store"


async def test_hostile_facts_are_text(agent: Agent):
    await agent.deliver(
        "a", address="<img src=x onerror=alert(1)>", city_name='"><script>1</script>'
    )
    await agent.post(home("a"), {"notes": "</textarea><script>alert(1)</script>"})

    for below in ("", home("a"), "?q=<script>", "/preferences?q=<script>alert(1)</script>"):
        text = await agent.read(below)
        assert "<script>" not in text
        assert "<img" not in text


async def test_a_page_is_packed_for_whoever_can_unpack_it(agent: Agent):
    await agent.deliver(*[f"d{n}" for n in range(50)])

    packed = await agent.get(headers={"Accept-Encoding": "gzip"})
    plain = await agent.get(headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < 20_000
    assert packed.text == plain.text


async def test_a_page_speaks_the_language_of_the_client(agent: Agent):
    await agent.admin.execute("update gateway.client set locale = 'en'")
    await agent.deliver("a", on=NOVEMBER)

    text = await agent.read()

    assert '<html lang="en">' in text
    assert "<h1>November 2026</h1>" in text
    assert "Your preferences" in await agent.read("/preferences")
