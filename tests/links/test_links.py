"""Signed links: only what we gave, for what we gave it, as long as it lasts."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.links import PAGE_DAYS, TOKEN_CHARACTERS, Link, read, sign

SECRET = "0f4b8c"
CLIENT = UUID("0199c0de-0000-7000-8000-000000000001")
ISSUED = datetime(2026, 11, 21, 8, 30, 15, tzinfo=UTC)
PURPOSES: Any = ("page", "unsubscribe")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_link_says_whose_it_is_and_since_when(purpose: Any) -> None:
    token = sign(SECRET, purpose, CLIENT, ISSUED)

    assert read(SECRET, purpose, token, now=ISSUED) == Link(CLIENT, ISSUED)


def test_the_same_link_is_the_same_token_to_the_second() -> None:
    paris = ISSUED.astimezone(timezone(timedelta(hours=1))).replace(microsecond=999_999)

    assert sign(SECRET, "page", CLIENT, paris) == sign(SECRET, "page", CLIENT, ISSUED)
    assert sign(SECRET, "page", CLIENT, ISSUED + timedelta(seconds=1)) != sign(
        SECRET, "page", CLIENT, ISSUED
    )


def test_an_instant_without_its_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="zone"):
        sign(SECRET, "page", CLIENT, ISSUED.replace(tzinfo=None))


def test_a_token_passes_through_a_path_unchanged() -> None:
    token = sign(SECRET, "page", CLIENT, ISSUED)

    assert len(token) == TOKEN_CHARACTERS
    assert token.replace("-", "").replace("_", "").isalnum()


def test_a_link_to_look_is_no_link_to_unsubscribe() -> None:
    page, unsubscribe = (sign(SECRET, purpose, CLIENT, ISSUED) for purpose in PURPOSES)

    assert read(SECRET, "unsubscribe", page, now=ISSUED) is None
    assert read(SECRET, "page", unsubscribe, now=ISSUED) is None


def test_another_secret_opens_nothing() -> None:
    token = sign("other", "page", CLIENT, ISSUED)

    assert read(SECRET, "page", token, now=ISSUED) is None


def test_a_page_ends_and_the_right_to_unsubscribe_does_not() -> None:
    end = ISSUED + timedelta(days=PAGE_DAYS)
    page, unsubscribe = (sign(SECRET, purpose, CLIENT, ISSUED) for purpose in PURPOSES)

    assert read(SECRET, "page", page, now=end - timedelta(seconds=1))
    assert read(SECRET, "page", page, now=end) is None
    assert read(SECRET, "unsubscribe", unsubscribe, now=end + timedelta(days=10_000))


@given(place=st.integers(0, 35), bit=st.integers(0, 7), purpose=st.sampled_from(PURPOSES))
def test_no_bit_of_a_token_can_be_changed(place: int, bit: int, purpose: Any) -> None:
    raw = bytearray(base64.urlsafe_b64decode(sign(SECRET, purpose, CLIENT, ISSUED)))
    raw[place] ^= 1 << bit
    tampered = base64.urlsafe_b64encode(bytes(raw)).decode()

    assert read(SECRET, purpose, tampered, now=ISSUED) is None


@given(st.text(max_size=100) | st.text("ABab01-_+/=.", min_size=40, max_size=60))
def test_garbage_opens_nothing_and_breaks_nothing(token: str) -> None:
    assert read(SECRET, "page", token, now=ISSUED) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t + "A",
        lambda t: t[:-1],
        lambda t: t + "==",
        lambda t: t[:-4] + "====",
        lambda t: t[:10] + "\n" + t[10:],
        lambda t: t[:20] + "." + t[21:],
        lambda t: t * 1000,
        lambda _: "",
        lambda t: "é" * len(t),
    ],
)
def test_a_token_has_one_spelling(spoil: Any) -> None:
    token = sign(SECRET, "page", CLIENT, ISSUED)

    assert read(SECRET, "page", spoil(token), now=ISSUED) is None


def test_the_other_alphabet_of_base64_is_not_ours() -> None:
    tokens = [sign(SECRET, "page", CLIENT, ISSUED + timedelta(seconds=n)) for n in range(20)]
    respelled = [token.replace("-", "+").replace("_", "/") for token in tokens]

    assert set(respelled) - set(tokens)
    assert not any(
        read(SECRET, "page", token, now=ISSUED) for token in set(respelled) - set(tokens)
    )
