import re
from typing import Any

import jsonschema_rs
import pytest

from services.gateway.routes import values
from services.gateway.routes.values import mail_address, printable, telephone_number


@pytest.mark.parametrize("name", [" ", "\u200b", "\u00a0\u2060", "\u00ad"])
def test_a_name_that_nobody_can_see_is_blank(name: str):
    assert printable(name) == "is blank"


@pytest.mark.parametrize("name", ["Jo", "\u200bJo", "Noël", "李", "👩\u200d💻", "\U0001fae8"])
def test_a_name_that_shows_something_is_one(name: str):
    assert printable(name) is None


@pytest.mark.parametrize(
    "name",
    ["a\nb", "a\x00", "\x7f", "\u202eevil", "a\u2028b", "\u200fa", "\u2066a", "\ud800", "\uffff"],
)
def test_a_name_that_ends_a_line_or_turns_it_is_none(name: str):
    assert printable(name) == "holds control characters"


@pytest.mark.parametrize(
    "check, well, ill",
    [
        (
            printable,
            ["Jo", "Noël O’Neill", "李", "👩\u200d💻", "\u200bJo"],
            ["", " ", "\u00a0", "a\nb", "a\n", "\u202ea", "\x85"],
        ),
        (
            mail_address,
            ["a@b.fr", "camille.durand+x@agence-1.example"],
            ["a", "a@b", "@b.fr", "a b@c.fr", "a@b.fr\n", "a..b@c.fr"],
        ),
        (telephone_number, ["+33 4 74 00 00 00", "0474000000"], ["", "tel", "1", "0474000000\n"]),
    ],
)
def test_the_description_says_what_the_check_asks(check: Any, well: list[str], ill: list[str]):
    pattern = values.SCHEMAS[check]["pattern"]
    validator = jsonschema_rs.Draft202012Validator({"pattern": pattern})
    for text in well:
        assert check(text) is None
        assert re.search(pattern, text)
        assert validator.is_valid(text), text
    for text in ill:
        assert check(text)
        assert not validator.is_valid(text), text


def test_every_sign_is_judged_alike_by_the_check_and_the_description():
    pattern = re.compile(values.LINE)
    for number in (*range(0xD800), *range(0xE000, 0x11000)):
        if number != 0x0A:  # `$` stands before it too
            assert (printable(chr(number)) is None) == bool(pattern.search(chr(number))), hex(
                number
            )
