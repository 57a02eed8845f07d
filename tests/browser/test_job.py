"""A job as it moves: its page loses the connection and misses nothing."""

import random
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.serving import Site, wait
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.browser

STEPS = 20
CUT_AT = 7
PATIENCE_MS = 60_000

JOB = """
    insert into gateway.job (id, client_id, kind, count, as_of, seed, cities, kinds)
    select $1, id, 'add', 10, '2026-11-21', 7, '{01053}', '{house}' from gateway.client limit 1
    returning id
"""
MOVE = """
    insert into gateway.movement (job_id, run, step, state, detail)
    values ($1, 1, 'scrape', 'running', jsonb_build_object('done', $2::int, 'total', $3::int))
    returning id
"""
SEQS = "select seq from gateway.movement where job_id = $1 order by seq"
SHOWN = "lines => lines.map(line => Number(line.dataset.seq))"


@pytest.fixture
def proxy(site: Site) -> Generator[Proxy]:
    """Stands between the browser and the site."""
    between = Proxy(random.Random(7))
    where = urlsplit(site.url)
    running = between.running(where.hostname or "", where.port or 0)
    yield wait(site.loop, running.__aenter__())
    wait(site.loop, running.__aexit__(None, None, None))


@pytest.fixture
def job_id(site: Site) -> Generator[UUID]:
    """A job of 20 pages, of which none is read yet."""
    chosen = uuid4()
    site.execute(JOB, chosen)
    move(site, chosen, 1)
    yield chosen
    site.execute("delete from gateway.job where id = $1", chosen)


def move(site: Site, job_id: UUID, done: int) -> None:
    site.execute(MOVE, job_id, done, STEPS)


def seqs(site: Site, job_id: UUID) -> list[int]:
    return [row["seq"] for row in site.execute(SEQS, job_id)]


def resumed(page: Page) -> list[str]:
    """After which movements the page has asked to go on, from now on."""
    asked: list[str] = []
    page.on("request", lambda sent: asked.extend(filter(None, [sent.headers.get("last-event-id")])))
    return asked


@contextmanager
def not_reloaded(page: Page) -> Generator[None]:
    """What follows happens on this very page."""
    page.evaluate("window.sameAsBefore = true")
    yield
    assert page.evaluate("window.sameAsBefore") is True


def test_a_dropped_stream_is_taken_up_with_each_movement_once(
    site: Site, operator_page: Open, proxy: Proxy, job_id: UUID
):
    page = operator_page()
    page.goto(f"http://127.0.0.1:{proxy.port}/console/jobs/{job_id}")
    lines = page.locator("#timeline li")
    came_back = resumed(page)
    with not_reloaded(page):
        for done in range(2, CUT_AT):
            move(site, job_id, done)
            expect(lines).to_have_count(done, timeout=PATIENCE_MS)
        known = seqs(site, job_id)[-1]
        cut = proxy.cut_after(b"id: %d\n" % (known + 1), direction="down", drop=True)
        for done in range(CUT_AT, STEPS + 1):
            move(site, job_id, done)
        expect(lines).to_have_count(STEPS, timeout=PATIENCE_MS)
        page.wait_for_timeout(1000)  # whatever would come twice has come

    assert cut.is_set()
    assert came_back == [str(known)]
    assert lines.evaluate_all(SHOWN) == seqs(site, job_id)
    expect(page.locator("#step-scrape progress")).to_have_attribute("value", str(STEPS))
    expect(page.locator("#live")).not_to_have_class("lost")


def test_a_page_hears_how_its_job_ends_and_then_listens_no_more(
    site: Site, operator_page: Open, job_id: UUID
):
    page = operator_page(locale="en-GB")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/console/jobs/{job_id}")
    expect(page.locator("#live")).to_have_text("This page stays up to date by itself.")
    with not_reloaded(page):
        site.execute(
            "update gateway.job set status = 'failed', error_message = 'No source answers' where id = $1",
            job_id,
        )
        site.execute(
            "insert into gateway.movement (job_id, run, step, state, detail)"
            """ values ($1, 1, 'scrape', 'failed', '{"reason": "No source answers", "permanent": true}')""",
            job_id,
        )
        expect(page.get_by_role("button", name="Retry")).to_be_visible(timeout=PATIENCE_MS)
        heard = len(asked)
        page.wait_for_timeout(2500)

    assert len(asked) == heard
    expect(page.locator("#live")).to_have_count(0)
    expect(page.locator("#now [role=status]")).to_contain_text("failed")


def test_a_list_of_jobs_follows_what_moves(site: Site, operator_page: Open, job_id: UUID):
    page = operator_page()
    page.goto("/console/jobs?kind=add")
    row = page.locator(f"#job-{job_id}")
    expect(row).to_contain_text("en cours")
    with not_reloaded(page):
        site.execute(
            "update gateway.job set status = 'failed', error_message = 'x' where id = $1", job_id
        )
        move(site, job_id, 2)
        expect(row).to_contain_text("en échec", timeout=PATIENCE_MS)


def test_a_list_that_is_held_still_stays(site: Site, operator_page: Open, job_id: UUID):
    page = operator_page()
    page.goto("/console/jobs?kind=add")
    page.get_by_role("link", name="Figer la liste").click()
    site.execute(
        "update gateway.job set status = 'failed', error_message = 'x' where id = $1", job_id
    )
    move(site, job_id, 2)
    page.wait_for_timeout(4000)

    expect(page.locator(f"#job-{job_id}")).to_contain_text("en cours")
    expect(page.get_by_role("link", name="La garder à jour")).to_be_visible()


def test_a_stream_that_cannot_begin_begins_later(site: Site, operator_page: Open, job_id: UUID):
    page = operator_page(locale="en-GB")
    page.route("**/events?*", lambda route: route.fulfill(status=503, body="<p>x</p>"), times=1)
    page.goto(f"/console/jobs/{job_id}")
    expect(page.locator("#live")).to_contain_text("Connection lost")
    with not_reloaded(page):
        move(site, job_id, 2)
        expect(page.locator("#timeline li")).to_have_count(2, timeout=PATIENCE_MS)
        expect(page.locator("#live")).to_contain_text("up to date")
