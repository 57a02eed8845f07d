from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.assigner.domain import choice as rules
from services.assigner.domain.choice import Ages
from tests.assigner.stock import AGES, AS_OF, request


def test_the_window_is_calendar_years_both_ends_included():
    assert rules.window(AS_OF, AGES) == (date(2018, 11, 21), date(2020, 11, 21))


def test_a_leap_day_becomes_28_february_in_a_common_year():
    assert rules.years_before(date(2028, 2, 29), 6) == date(2022, 2, 28)
    assert rules.years_before(date(2028, 2, 29), 8) == date(2020, 2, 29)


@given(st.dates(date(1970, 1, 1), date(2999, 12, 31)), st.integers(0, 50), st.integers(0, 50))
def test_a_window_never_ends_before_it_begins(as_of: date, least: int, more: int):
    first, last = rules.window(as_of, Ages(least, least + more))

    assert first <= last <= as_of
    assert (last.year - first.year, as_of.year - last.year) == (more, least)


def test_the_address_id_is_the_uuid_of_the_door():
    assert rules.address_id("abc") == UUID("74ae91dd-4def-5bf1-b403-f47044fe6b89")


def test_the_cto_reads_what_was_tried_with_the_notes():
    sentences = rules.tried(AS_OF, AGES, ["01053"], ["house", "land"], ["2018 manque"])

    assert sentences == (
        "Ventes du 21/11/2018 au 21/11/2020 (6 à 8 ans)",
        "Communes : 01053",
        "Biens : maisons, terrains",
        "2018 manque",
    )


@given(st.lists(st.integers(0, 4)))
def test_rounds_keep_every_request_and_no_client_twice(clients: list[int]):
    requests = [request(UUID(int=n), UUID(int=client)) for n, client in enumerate(clients)]

    rounds = list(rules.rounds(requests))

    assert sorted(r.job_id for each in rounds for r in each) == [r.job_id for r in requests]
    for each in rounds:
        assert len({r.client_id for r in each}) == len(each)
    for client in set(clients):
        mine = [r.job_id for each in rounds for r in each if r.client_id.int == client]
        assert mine == sorted(mine)
