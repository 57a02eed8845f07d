"""The rule on real extracts, whose counts are known, and its laws on invented ones."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from services.scraper.sales import Reading, read_sales
from tests.scraper.sales.geo_dvf import FLAT, GARAGE, HOUSE, PLOT, SHOP, read

FILES = [
    "geo-dvf/2018/communes/01/01053.csv",
    "geo-dvf/2019/communes/01/01053.csv",
    "geo-dvf/2020/communes/01/01053.csv",
    "geo-dvf/2021/communes/01/01053.csv",
    "geo-dvf-2026/2019/communes/01/01053.csv",
    "geo-dvf-2026/2020/communes/01/01053.csv",
    "geo-dvf/*/communes/64/64260.csv",
    "pair-2021/geo-dvf.csv.gz",
]
# What the 2026 dialect does not carry: the name of a street without a type of way, the spelling of
# communes, cents beyond a 32-bit float, the order of lines.
NOT_IN_BOTH = ("street", "address", "home_key", "city_name", "price_cents", "line")
KEYS = ("own_keys", "covered_keys")  # hold home keys


def read_file(path: Path) -> Reading:
    return read_sales(path, name=path.name)


@pytest.mark.parametrize("pattern", FILES)
def test_counts_are_the_golden_ones(shared_data: Path, pattern):
    sales = shared_data / "sales"
    golden = json.loads((sales / "golden.json").read_text())
    readings = [read_file(path) for path in sorted(sales.glob(pattern))]
    assert golden[pattern] == {
        "lines": sum(each.lines for each in readings),
        "id_mutations": golden[pattern]["id_mutations"],
        "groups": sum(each.groups for each in readings),
        "sales": sum(each.homes for each in readings),
        "maisons": sum(each.kinds["house"] for each in readings),
        "appartements": sum(each.kinds["apartment"] for each in readings),
        "postable": sum(each.postable for each in readings),
        "rejected": {
            reason: count
            for reason in readings[0].rejected
            if (count := sum(each.rejected[reason] for each in readings))
        },
    }


def test_every_golden_file_is_tried(shared_data: Path):
    assert set(FILES) == set(json.loads((shared_data / "sales" / "golden.json").read_text()))


@pytest.mark.parametrize("year", [2019, 2020])
def test_both_dialects_give_the_same_sales(shared_data: Path, year):
    classic, rewritten = (
        read_file(shared_data / "sales" / dialect / str(year) / "communes/01/01053.csv")
        for dialect in ("geo-dvf", "geo-dvf-2026")
    )
    assert_frame_equal(told_in_both(classic.sales), told_in_both(rewritten.sales))
    assert (classic.kinds, classic.rejected) == (rewritten.kinds, rewritten.rejected)
    assert doors(classic.sales) == doors(rewritten.sales)


def told_in_both(sales: pl.DataFrame) -> pl.DataFrame:
    return sales.drop(NOT_IN_BOTH, KEYS).sort("property_id")


def doors(sales: pl.DataFrame) -> set[str]:
    return set(sales.filter("offered", "postable")["home_key"])


def test_sales_of_real_files_have_ids_of_their_own(shared_data: Path):
    paths = sorted((shared_data / "sales" / "geo-dvf").glob("*/communes/*/*.csv"))
    ids = pl.concat([read_file(path).sales["property_id"] for path in paths])
    assert ids.n_unique() == len(ids) > 5000


facts = st.fixed_dictionaries({
    "date_mutation": st.sampled_from(["2019-03-01", "2019-03-02"]),
    "valeur_fonciere": st.sampled_from(["200000", "131072.01", "1", ""]),
    "nature_mutation": st.sampled_from(["Vente", "Vente", "Adjudication", "Echange"]),
    "adresse_numero": st.sampled_from(["12", "14", "5012", ""]),
    "id_parcelle": st.sampled_from(["01053000AB0012", "01053000AB0013"]),
    "code_nature_culture": st.sampled_from(["S", "J"]),
})  # fmt: skip
some_lines = st.lists(
    st.builds(
        lambda line, own: line | own, st.sampled_from([HOUSE, FLAT, GARAGE, SHOP, PLOT]), facts
    ),
    max_size=12,
)


def in_dialect_of_2026(line: dict[str, str]) -> dict[str, str]:
    as_float = pl.Series([line["valeur_fonciere"]]).cast(pl.Float32, strict=False)
    price = as_float.cast(pl.String)[0] or ""
    surface = f"{float(line['surface_reelle_bati'] or 0)}"
    return line | {"valeur_fonciere": price, "surface_reelle_bati": surface}


@settings(deadline=None, max_examples=40)
@given(some_lines, st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(lines, random):
    shuffled = random.sample(lines, len(lines))
    one, other = (read(*each).sales.drop("line") for each in (lines, shuffled))
    assert_frame_equal(one.sort("property_id"), other.sort("property_id"))


@settings(deadline=None, max_examples=40)
@given(some_lines)
def test_the_dialect_does_not_matter(lines):
    one, other = (read(*each) for each in (lines, [in_dialect_of_2026(line) for line in lines]))
    dropped = ("line", "price_cents")
    assert_frame_equal(one.sales.drop(dropped), other.sales.drop(dropped))
    assert (one.kinds, one.rejected) == (other.kinds, other.rejected)


@settings(deadline=None, max_examples=40)
@given(some_lines)
def test_every_group_is_a_home_or_has_a_reason(lines):
    reading = read(*lines)
    sales = reading.sales
    assert reading.homes + sum(reading.rejected.values()) == reading.groups
    assert sales["property_id"].n_unique() == sales.height
    assert sales["kind"].null_count() == 0
    assert sales.filter("offered")["price_cents"].null_count() == 0
    assert reading.kinds["house"] + reading.kinds["apartment"] == reading.homes


@settings(deadline=None, max_examples=25)
@given(some_lines, some_lines)
def test_another_days_sales_change_nothing(lines, others):
    elsewhere = [line | {"date_mutation": "2020-01-01"} for line in others]
    apart = pl.concat([read(*lines).sales, read(*elsewhere).sales]).drop("line")
    together = read(*lines, *elsewhere).sales.drop("line")
    assert_frame_equal(apart.sort("property_id"), together.sort("property_id"))


@pytest.mark.parametrize("lines", [1, 7, 1000])
def test_the_parts_in_which_a_file_is_worked_do_not_matter(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch, lines
):
    path = shared_data / "sales/geo-dvf-2026/2019/communes/01/01053.csv"
    whole = read_file(path)
    monkeypatch.setattr("services.scraper.sales.reading.PART_LINES", lines)
    in_parts = read_file(path)
    assert_frame_equal(in_parts.sales, whole.sales)
    assert in_parts.rejected == whole.rejected
