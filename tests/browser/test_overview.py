"""The overview while it is open: what goes wrong shows by itself, in words."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.serving import Site, wait
from tests.browser.test_job import not_reloaded

pytestmark = pytest.mark.browser

WAITING = 34
TEN_SECONDS_MS = 10_000
MAILS = """
    insert into notifier.mail (id, kind, subject_id, message_id, client_id, job_id, job_kind, run, ladder,
      next_try_at, give_up_at)
    select id, 'notification', id, id || '@overview', id, id, 'add', 1, 1, public.clock(), public.clock()
    from unnest($1::uuid[]) as id
    returning id
"""


@pytest.fixture
def waiting(site: Site) -> Iterator[None]:
    """34 mails that could go out now."""
    ids = [uuid4() for _ in range(WAITING)]
    site.execute(MAILS, ids)
    yield
    site.execute("delete from notifier.mail where id = any($1)", ids)


def test_a_notifier_that_dies_shows_within_ten_seconds(
    site: Site, operator_page: Open, waiting: None
):
    notifier = wait(site.loop, site.database.connect("notifier"))
    page = operator_page(locale="en-GB")
    page.goto("/console")
    tile = page.locator("#tile-mails")
    expect(tile).not_to_contain_text("no notifier is connected")
    with not_reloaded(page):
        wait(site.loop, notifier.close())
        said = re.compile(r"no notifier is connected: \d+ (s|min|h) old, \d+ waiting\.")
        expect(tile).to_contain_text(said, timeout=TEN_SECONDS_MS)
        expect(tile).to_have_class(re.compile(r"\bamber\b"))

    counted = re.search(r"(\d+) waiting", tile.inner_text())
    assert counted
    assert int(counted[1]) >= WAITING
    expect(page.locator("#needs")).to_contain_text("notifier is not connected to PostgreSQL")


def test_mails_that_begin_to_wait_turn_their_tile_within_ten_seconds_of_their_pause(
    site: Site, operator_page: Open
):
    wait(site.loop, site.database.connect("notifier"))
    page = operator_page(locale="en-GB")
    page.goto("/console")
    with not_reloaded(page):
        ids = [uuid4() for _ in range(WAITING)]
        site.execute(MAILS, ids)
        tile = page.locator("#tile-mails")
        expect(tile).to_contain_text(
            re.compile(r"Mail is paused: .+ old, \d+ waiting"), timeout=2 * TEN_SECONDS_MS
        )
        expect(tile).to_have_class(re.compile(r"\bamber\b"))
    site.execute("delete from notifier.mail where id = any($1)", ids)


def test_what_needs_a_person_is_a_way_to_the_page_that_settles_it(operator_page: Open):
    page = operator_page()
    page.goto("/console")
    for link in page.locator("#needs a").all():
        answer = page.request.get(link.get_attribute("href") or "")
        assert answer.status == 200, answer.url
