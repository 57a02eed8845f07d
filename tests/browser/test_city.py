"""A commune: its prices as lines, and the same as a table."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.serving import Site

pytestmark = pytest.mark.browser

PATH = "/console/cities/01053"
READY = "figure.plot[data-state=ready] canvas"
INK = """
    (canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) seen.add(data.slice(at, at + 3).join());
      return seen.size;
    }
"""

Open = Callable[..., Page]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_prices_are_drawn_in_the_colours_of_the_page(operator_page: Open, scheme: str):
    page = operator_page(color_scheme=scheme)
    page.goto(PATH)
    canvas = page.locator(READY)
    expect(canvas).to_be_visible()

    assert canvas.evaluate(INK) > 3


def test_the_table_has_every_number_of_the_plot(operator_page: Open):
    page = operator_page()
    page.goto(PATH)
    page.wait_for_selector(READY)
    told = page.locator("figure.plot").evaluate("(figure) => JSON.parse(figure.dataset.series)")
    table = page.locator("#price-table data").evaluate_all(
        "(all) => all.map((each) => Number(each.value))"
    )

    rows = zip(*(series["values"] for series in told["series"]), strict=True)
    assert table == [value for row in list(rows)[::-1] for value in row if value is not None]
    assert len(table) > 20


def test_the_plot_fits_a_telephone_and_another_step(operator_page: Open):
    page = operator_page(width=360)
    page.goto(f"{PATH}?by=year")
    page.wait_for_selector(READY)

    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert page.locator("figure.plot").evaluate("(f) => JSON.parse(f.dataset.series).x.length") == 8
    page.set_viewport_size({"width": 1200, "height": 800})
    page.wait_for_function("() => document.querySelector('.plot .uplot').offsetWidth > 500")


def test_an_import_moves_without_a_reload(operator_page: Open, site: Site):
    page = operator_page()
    page.goto("/console/imports")
    page.evaluate("() => { globalThis.stayed = true }")
    site.execute(
        "update scraper.refresh set done = 391, updated_at = public.clock()"
        " where insee_code = '01' and state = 'running'"
    )

    page.wait_for_selector('progress[value="391"]', timeout=20_000)
    assert page.evaluate("() => stayed")
