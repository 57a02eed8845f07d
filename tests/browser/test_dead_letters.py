"""Dead letters settled at once, as an operator does it, and followed until none waits."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.serving import Site

pytestmark = pytest.mark.browser

LIST = "/console/dead-letters?service=scheduler"
POISON = """
    insert into scheduler.held_message
      (consumer, topic, partition, "offset", headers, raw, raw_sha256, reason, error, attempts, state)
    select 'scheduler', 'schedule.send_day', 0, n, '[]', '{', sha256(n::text::bytea), 'Error',
           case when n <= 50 then 'Error: one ' || n when n <= 80 then 'Error: two' else 'Error: three' end,
           1, 'dead'
    from generate_series(1, 100) as n
"""
WORK = """
    update scheduler.held_message set state = 'done', next_attempt_at = null, error = '',
           updated_at = public.clock()
    where id in (select id from scheduler.held_message where state = 'waiting' limit $1)
"""
WAITING = "select count(*) from scheduler.held_message where state = 'waiting'"


@pytest.fixture
def poisoned(site: Site) -> Generator[Site]:
    """A hundred dead letters of three classes."""
    site.execute(POISON)
    yield site
    site.execute("delete from scheduler.held_message")


def settled(page: Page, number: int) -> None:
    page.get_by_role("link", name="Tous les réessayer").click()
    expect(page.get_by_text(f"Seraient relancés : {number} messages.")).to_be_visible()
    page.get_by_role("button", name=f"Les relancer ({number})").click()
    expect(page.locator(".flash")).to_contain_text(f"Messages relancés : {number}.")


def test_a_group_is_looked_at_replayed_and_followed_to_its_end(
    operator_page: Open, poisoned: Site
) -> None:
    page = operator_page()
    page.goto(LIST)
    groups = page.locator("tbody tr")
    assert groups.count() == 3
    assert "100 messages en 3 groupes" in page.locator("main").inner_text()

    groups.first.get_by_role("link").click()
    settled(page, 50)
    progress = page.get_by_role("progressbar")
    expect(progress).to_have_attribute("value", "0")

    poisoned.execute(WORK, 20)
    expect(progress).to_have_attribute("value", "20", timeout=15_000)
    poisoned.execute(WORK, 50)
    expect(page.locator("#replay")).to_contain_text("0 en attente, 50 traités", timeout=15_000)
    expect(page.locator("#replay")).not_to_have_attribute("hx-get", "")


def test_a_second_click_replays_nothing(operator_page: Open, poisoned: Site) -> None:
    page, other = operator_page(), operator_page()
    page.goto(LIST)
    page.locator("tbody tr").nth(1).get_by_role("link").click()
    page.get_by_role("link", name="Tous les réessayer").click()
    other.goto(page.url)

    page.get_by_role("button", name="Les relancer (30)").click()
    expect(page.locator(".flash")).to_contain_text("Messages relancés : 30.")
    other.get_by_role("button", name="Les relancer (30)").click()
    expect(other.locator(".flash")).to_contain_text("Messages relancés : 0.")

    [row] = poisoned.execute(WAITING)
    assert row["count"] == 30
    page.go_back()
    expect(page.get_by_text("30 en attente")).to_be_visible()
