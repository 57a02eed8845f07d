"""Numbers, dates and names as readers expect them."""

from datetime import date

import pytest

from services.notifier.domain.wording import (
    ENGLISH,
    FRENCH,
    age,
    day,
    months_between,
    number,
    price,
    printable,
    shortened,
)


def test_french_and_english_numbers():
    assert number(FRENCH, 1234567.5) == "1\u202f234\u202f567,5"
    assert number(FRENCH, 1000.0) == "1\u202f000"
    assert number(ENGLISH, 1234567.5) == "1,234,567.5"
    assert price(FRENCH, 999.6) == "1\u202f000\u00a0€"
    assert price(ENGLISH, 1000) == "€1,000"


def test_the_first_of_a_month_is_first_in_french_only():
    assert day(FRENCH, date(2027, 2, 1)) == "1er février 2027"
    assert day(FRENCH, date(2027, 2, 28)) == "28 février 2027"
    assert day(ENGLISH, date(2027, 2, 1)) == "1 February 2027"


@pytest.mark.parametrize(
    "months, french",
    [(0, "0 mois"), (1, "1 mois"), (12, "1 an"), (25, "2 ans et 1 mois"), (76, "6 ans et 4 mois")],
)
def test_ages(months: int, french: str):
    assert age(FRENCH, months) == french


@pytest.mark.parametrize(
    "earlier, later, months",
    [
        (date(2020, 3, 1), date(2026, 2, 28), 71),
        (date(2020, 2, 29), date(2026, 2, 28), 71),
        (date(2020, 2, 29), date(2026, 3, 1), 72),
        (date(2020, 12, 31), date(2021, 1, 31), 1),
    ],
)
def test_months_are_whole(earlier: date, later: date, months: int):
    assert months_between(earlier, later) == months


def test_names_become_one_harmless_line():
    assert printable("a\r\nb\x00\u202ec\u2028d\ud800") == "a  b  c d"
    assert shortened("Marie-Antoinette-Joséphine") == "Marie-Antoinette-Joséphin"
    assert shortened("Anna Maria de los Angeles x") == "Anna Maria de los Angeles"
