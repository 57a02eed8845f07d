import csv
import io
from collections import Counter

import pytest

from deploy.simulator import generate
from deploy.simulator.layout import COLUMNS, DIALECTS
from deploy.simulator.towns import TOWNS, YEARS, sells_in

BOURG, HENDAYE, VAL_REVERMONT, PARIS_11 = "01053", "64260", "01426", "75111"


def lines(insee, year):
    return list(csv.DictReader(io.StringIO(generate(insee, year))))


def test_a_file_is_the_same_for_the_same_seed_and_another_for_another():
    assert generate(BOURG, 2019, 7) == generate(BOURG, 2019, 7)
    assert generate(BOURG, 2019, 7) != generate(BOURG, 2019, 8)
    assert generate(BOURG, 2019, 7) != generate(BOURG, 2020, 7)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_line_has_the_forty_columns(dialect):
    rows = list(csv.reader(io.StringIO(generate(VAL_REVERMONT, 2019, 1, dialect))))
    assert tuple(rows[0]) == tuple(COLUMNS)
    assert {len(row) for row in rows} == {40}


def test_a_year_without_sales_has_the_header_only():
    assert not sells_in(VAL_REVERMONT, 2016)
    assert lines(VAL_REVERMONT, 2016) == []


@pytest.mark.parametrize("insee", TOWNS)
def test_every_year_of_a_town_has_sales_of_that_year_and_town(insee):
    for year in (y for y in YEARS if sells_in(insee, y)):
        rows = lines(insee, year)
        assert {row["code_commune"] for row in rows} == {insee}
        assert {row["date_mutation"][:4] for row in rows} == {str(year)}


def test_natures_and_locals_are_all_there_in_the_smallest_town():
    rows = lines(VAL_REVERMONT, 2019)
    assert set(Counter(row["code_type_local"] for row in rows)) == {"", "1", "2", "3", "4"}
    assert {row["nature_mutation"] for row in rows} == {
        "Vente",
        "Vente en l'état futur d'achèvement",
        "Vente terrain à bâtir",
        "Adjudication",
        "Echange",
        "Expropriation",
    }


def test_a_scale_multiplies_the_lines_of_a_town():
    once, tenfold = (generate(HENDAYE, 2019, scale=scale).count("\n") for scale in (1, 10))
    assert tenfold == pytest.approx(10 * once, rel=0.1)
