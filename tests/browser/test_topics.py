"""What waits on the bus is seen to grow and to go, without anybody loading the page again."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.serving import Site

pytestmark = pytest.mark.browser

SEEN = """
    with place as (
      insert into gateway.lag_partition (consumer_group, topic, partition, first_offset, end_offset, committed)
      values ('scraper', 'client.erased', 0, 0, 100, 100 - $1::bigint)
      on conflict (consumer_group, topic, partition) do update set committed = excluded.committed
    )
    select public.clock()
"""
POLL_MILLISECONDS = 25_000


def test_lag_grows_and_goes_without_a_reload(operator_page: Open, site: Site) -> None:
    site.execute(SEEN, 3)
    page = operator_page(locale="en-GB")
    page.goto("/console/topics?group=scraper&topic=client.erased")
    page.evaluate("globalThis.stays = true")
    row = page.locator("[id='scraper-client.erased']")
    waits = row.locator("[data-lag]")
    expect(waits).to_have_text("3")
    row.get_by_role("link").focus()

    site.execute(SEEN, 41)
    expect(waits).to_have_text("41", timeout=POLL_MILLISECONDS)
    expect(page.locator("#partitions tbody td").first).to_have_text("41")
    site.execute(SEEN, 0)
    expect(waits).to_have_text("0", timeout=POLL_MILLISECONDS)

    assert page.evaluate("globalThis.stays")
    expect(row.get_by_role("link")).to_be_focused()
    site.execute("delete from gateway.lag_partition where topic = 'client.erased'")
