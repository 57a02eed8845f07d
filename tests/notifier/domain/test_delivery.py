"""What an answer means, and how long to wait after it."""

from datetime import timedelta

import pytest

from services.notifier.domain.delivery import (
    Reply,
    Verdict,
    decide,
    delay,
    for_others,
    verdict,
)


@pytest.mark.parametrize(
    "verb, code, meaning",
    [
        ("DATA", 250, Verdict.SENT),
        ("DATA", 252, Verdict.SENT),
        ("DATA", 354, Verdict.UNKNOWN),
        ("DATA", None, Verdict.UNKNOWN),
        ("DATA", 421, Verdict.RETRY),
        ("DATA", 552, Verdict.FAILED),
        ("DATA", 530, Verdict.CONFIGURATION),
        ("RCPT", None, Verdict.RETRY),
        ("RCPT", 251, Verdict.RETRY),
        ("RCPT", 450, Verdict.RETRY),
        ("RCPT", 550, Verdict.FAILED),
        ("MAIL", 535, Verdict.CONFIGURATION),
        ("AUTH", 535, Verdict.CONFIGURATION),
        ("AUTH", 454, Verdict.RETRY),
        ("CONNECT", 554, Verdict.CONFIGURATION),
        ("CONNECT", None, Verdict.RETRY),
        ("STARTTLS", None, Verdict.RETRY),
    ],
)
def test_meaning(verb: str, code: int | None, meaning: Verdict):
    assert verdict(Reply(verb, code, "")) is meaning


def test_waits_grow():
    lost = Reply("CONNECT", None, "refused")
    waits = [delay(lost, tries) for tries in range(12)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(seconds=5)
    assert waits[-1] == timedelta(hours=12)


@pytest.mark.parametrize(
    "code, text, least",
    [
        (421, "busy", timedelta(minutes=1)),
        (450, "greylisted", timedelta(minutes=5)),
        (451, "try again in 600 seconds", timedelta(minutes=10)),
        (451, "please wait 15 minutes", timedelta(minutes=15)),
        (451, "wait 99999 minutes", timedelta(hours=4)),
    ],
)
def test_a_server_may_ask_for_a_longer_wait(code: int, text: str, least: timedelta):
    assert delay(Reply("RCPT", code, text), 0) == least


def test_nothing_waits_after_an_end():
    assert decide(Reply("RCPT", 550, "no, wait 5 minutes"), 3).wait == timedelta()


def test_words_are_one_line():
    assert Reply("DATA", 250, "2.0.0\n  OK").words == "DATA: 250 2.0.0 OK"


@pytest.mark.parametrize(
    "words, heard",
    [
        ("RCPT: 550 5.1.1 <jo@agence.test>: Jo Martin is gone", "RCPT: 550 5.1.1 the recipient is refused"),
        ("RCPT: 550 Jo Martin is gone", "RCPT: 550 the recipient is refused"),
        ("DATA: 552 5.3.4 too large for jo", "DATA: 552 5.3.4 the mail is too large"),
        ("DATA: 554 jo", "DATA: 554 a rule of the server stands against it"),
        ("RCPT: 451 4.7.1 Greylisted, jo", "RCPT: 451 4.7.1 not yet: greylisted or busy"),
        ("MAIL: 452 4.5.3 not jo", "MAIL: 452 4.5.3 fewer mails at a time are asked for"),
        ("AUTH: 535 5.7.8 jo", "AUTH: 535 5.7.8 the server does not let us in"),
        ("DATA: 250 2.0.0 queued for jo@agence.test", "DATA: 250 2.0.0"),
        ("DATA: Malformed line: Jo Martin", "DATA: Malformed line"),
        ("DATA: Connection lost", "DATA: Connection lost"),
        ("CLAIM: the client is gone", "CLAIM: the client is gone"),
        ("settled by an operator", "settled by an operator"),
    ],
)  # fmt: skip
def test_others_hear_codes_and_what_they_mean_but_no_name(words: str, heard: str):
    assert for_others(words) == heard
