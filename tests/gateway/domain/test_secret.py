from secrets import token_bytes

import pytest

from services.gateway.domain import secret


def test_a_key_is_recognised_and_never_the_same():
    keys = {secret.new(token_bytes) for _ in range(200)}
    assert len(keys) == 200
    assert all(secret.is_whole(key) and key.startswith("tik_") and key.isascii() for key in keys)
    assert {len(key) for key in keys} == {53}


def test_it_holds_all_of_its_random_bytes():
    low, high = (secret.new(lambda count, b=b: bytes([b]) * count) for b in (0, 255))
    assert low[4:47] == "0" * 43
    assert high[4:47] != low[4:47]
    assert secret.is_whole(low)
    assert secret.is_whole(high)


@pytest.mark.parametrize("place", [4, 20, 46, 47, 52])
def test_a_typing_error_is_no_key(place: int):
    key = secret.new(token_bytes)
    wrong = key[:place] + ("a" if key[place] != "a" else "b") + key[place + 1 :]
    assert not secret.is_whole(wrong)


@pytest.mark.parametrize("sent", ["", "tik_", "tik_" + "0" * 49, "é" * 53, "tik_" + "_" * 49])
def test_what_is_made_up_is_no_key(sent: str):
    assert not secret.is_whole(sent)


def test_a_key_with_something_behind_it_is_no_key():
    assert not secret.is_whole(secret.new(token_bytes) + "\n")
