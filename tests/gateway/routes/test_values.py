import pytest

from services.gateway.routes.values import printable


@pytest.mark.parametrize("name", [" ", "\u200b", "\u00a0\u2060", "\u00ad"])
def test_a_name_that_nobody_can_see_is_blank(name: str):
    assert printable(name) == "is blank"


@pytest.mark.parametrize("name", ["Jo", "\u200bJo", "Noël", "李", "👩\u200d💻"])
def test_a_name_that_shows_something_is_one(name: str):
    assert printable(name) is None
