"""Domains that ask for fewer mails get theirs one by one, then faster again."""

import itertools
from datetime import timedelta

from services.notifier.domain.pace import LONGEST_INTERVAL, Pace

WAIT = timedelta(minutes=5)


def test_nobody_waits_for_a_domain_that_has_not_asked_for_it():
    pace = Pace()
    pace.refused("slow.test", 0, WAIT)

    assert pace.hold("quick.test", 0) == timedelta()


def test_those_who_wait_come_back_one_by_one_and_not_as_a_crowd():
    pace = Pace()
    pace.refused("slow.test", 0, WAIT)

    waits = [pace.hold("slow.test", 0).total_seconds() for _ in range(100)]

    assert min(waits) >= WAIT.total_seconds()
    gaps = [second - first for first, second in itertools.pairwise(waits)]
    assert min(gaps) >= 1


def test_whoever_comes_at_its_moment_may_go_though_the_clock_is_coarse():
    pace = Pace()
    pace.refused("slow.test", 0, WAIT)
    moments = [pace.hold("slow.test", 0).total_seconds() for _ in range(20)]

    late = [moment + 0.4 * (number % 2) for number, moment in enumerate(moments)]
    assert [pace.hold("slow.test", moment) for moment in late] == [timedelta()] * 20


def test_two_at_once_are_too_many():
    pace = Pace()
    pace.refused("slow.test", 0, WAIT)

    assert pace.hold("slow.test", 301) == timedelta()
    assert timedelta() < pace.hold("slow.test", 301) <= timedelta(seconds=1)


def test_what_is_taken_makes_the_next_come_sooner_until_nobody_waits():
    pace = Pace()
    pace.refused("slow.test", 0, WAIT)
    for _ in range(40):
        pace.taken("slow.test")

    assert pace.hold("slow.test", 0) == timedelta()


def test_another_refusal_makes_it_slower_up_to_a_minute():
    pace, spaced = Pace(), []
    for _ in range(10):
        pace.refused("slow.test", 0, WAIT)
        first, second = (pace.hold("slow.test", 0) for _ in range(2))
        spaced.append((second - first).total_seconds())

    assert spaced[:3] == [1, 2, 4]
    assert spaced[-1] == LONGEST_INTERVAL
