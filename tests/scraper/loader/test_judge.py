"""Which sales are superseded: by words, and against the same said in SQL."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from services.scraper.loader.judge import Later, judge
from tests.scraper.stage import Scraper, Shelf, asking, flat

SCHEMA: Final = {
    "property_id": pl.String, "home_key": pl.String, "sold_on": pl.Date, "offered": pl.Boolean,
    "postable": pl.Boolean, "own_keys": pl.List(pl.String), "covered_keys": pl.List(pl.String),
}  # fmt: skip
SAID: Final = "select sale_key::text, superseded from property where vanished_at is null"
Sale = tuple[str, str, date, bool, bool, list[str], list[str]]

# Whoever reads the tables could say it like this; every sale against every other.
BY_SQL: Final = """
    select p.sale_key::text, exists (
      select from property q
      where q.insee_code = p.insee_code and q.vanished_at is null and q.sale_key <> p.sale_key
        and (q.sold_on > p.sold_on
             and string_to_array(q.covered_keys, '|') && string_to_array(p.own_keys, '|')
          or q.home_key = p.home_key and q.offered and q.postable and p.offered and p.postable
             and (q.sold_on > p.sold_on or q.sold_on = p.sold_on and q.sale_key < p.sale_key))
    ) as superseded
    from property p where vanished_at is null order by sale_key
"""


def sale(name: str, on: str = "2019-05-02", home: str = "", **changes: Any) -> Sale:
    key = home or name
    facts: dict[str, Any] = {
        "offered": True,
        "postable": True,
        "own": [f"door:{key}"],
        "covered": [f"door:{key}"],
    }
    offered, postable, own, covered = (facts | changes).values()
    return name, key, date.fromisoformat(on), offered, postable, own, covered


def superseded(*sales: Sale, later: Later | None = None) -> list[str]:
    table = pl.DataFrame(sales, schema=SCHEMA, orient="row")
    flags, _ = judge(table, later)
    return [one[0] for one, flag in zip(sales, flags, strict=True) if flag]


def test_a_home_sold_on_a_later_day_is_superseded():
    assert superseded(sale("a", home="h"), sale("b", "2019-05-03", home="h")) == ["a"]


def test_the_garage_sold_later_supersedes_no_home():
    home = sale("a", own=["lot:P:12"], covered=["lot:P:12", "lot:P:40"])
    garage = sale("b", "2021-05-02", own=["lot:P:40"], covered=["lot:P:40"])
    assert superseded(home, garage) == []


def test_a_sale_in_bulk_supersedes_each_home_it_covers():
    bulk = sale("c", "2020-01-01", own=[], covered=["lot:P:1", "lot:P:2"], offered=False)
    homes = [sale(name, own=[f"lot:P:{n}"]) for n, name in enumerate("ab", 1)]
    assert superseded(*homes, bulk) == ["a", "b"]


def test_of_twins_of_one_day_the_smallest_id_stands():
    assert superseded(sale("b", home="h"), sale("a", home="h"), sale("c", home="h")) == ["b", "c"]


def test_a_twin_that_is_not_offered_stands_in_nobodys_way():
    assert superseded(sale("a", home="h", postable=False), sale("b", home="h")) == []


def test_of_no_sales_none_is_superseded():
    assert superseded() == []


@given(
    st.lists(
        st.tuples(
            st.dates(date(2018, 12, 30), date(2019, 1, 2)),
            st.sampled_from("hij"),
            st.booleans(),
            st.lists(st.sampled_from("xyz"), unique=True),
            st.lists(st.sampled_from("xyz"), unique=True),
        ),
        max_size=8,
    )
)
def test_years_one_by_one_are_judged_as_all_at_once(
    drawn: Sequence[tuple[date, str, bool, list[str], list[str]]],
):
    sales = [
        sale(
            f"{at}", on.isoformat(), home, offered=offered, postable=True, own=own, covered=covered
        )
        for at, (on, home, offered, own, covered) in enumerate(drawn)
    ]
    newest = [one for one in sales if one[2].year == 2019]
    _, later = judge(pl.DataFrame(newest, schema=SCHEMA, orient="row"))
    oldest = [one for one in sales if one[2].year == 2018]

    by_year = [*superseded(*newest), *superseded(*oldest, later=later)]

    assert sorted(by_year) == sorted(superseded(*sales))


async def by_sql(scraper: Scraper) -> tuple[dict[str, bool], dict[str, bool]]:
    """What the stock says, and what it should."""
    said = await scraper.connection.fetch(SAID)
    told = await scraper.connection.fetch(BY_SQL)
    return dict(map(tuple, said)), dict(map(tuple, told))


async def test_the_stock_is_judged_as_sql_would(scraper: Scraper, shelf: Shelf):
    """Loaded at first, and after a revision that takes sales away and brings others."""
    for year in range(2018, 2022):
        doors = [(year * step) % 11 + 1 for step in range(1, 8)]
        shelf.put(year, *(flat(f"{year}-0{at + 1}-02", door) for at, door in enumerate(doors)))
    await scraper.refreshed("01053")
    said, told = await by_sql(scraper)

    shelf.put(2020, *(flat(f"2020-06-0{door}", door) for door in range(1, 9)))
    shelf.put(2022, flat("2022-02-02", 3), flat("2022-02-02", 3, numero_disposition="000002"))
    await scraper.connection.execute(
        "update city set last_scraped = last_scraped - interval '91 days'"
    )
    await scraper.process(asking("01053"))
    await scraper.work()
    said_again, told_again = await by_sql(scraper)

    assert said == told
    assert said_again == told_again
    assert len(said_again) > len(said)
    assert {True, False} == set(said.values()) == set(said_again.values())
