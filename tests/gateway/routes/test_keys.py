from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from litestar.exceptions import HTTPException

from services.gateway.domain import secret
from services.gateway.repository.api_keys import Known
from services.gateway.routes.keys import Admit, admin_door, api_door, keeper

KEY = secret.new(lambda count: b"\x07" * count)


async def nobody(prefix: str) -> Sequence[Known]:
    raise AssertionError(f"{prefix} was looked up")


def knocks(key: bytes, header: bytes = b"x-api-key") -> Any:
    return {"type": "http", "headers": [(b"host", b"gateway"), (header, key)]}


def api(key: str) -> Admit:
    return keeper(api_door(key), nobody)


async def test_a_key_beyond_ascii_opens_with_its_own_bytes():
    assert await api("clé-étrange")(knocks("clé-étrange".encode()))


async def test_a_key_is_known_by_its_hash_in_whichever_header_it_comes():
    admit = keeper(admin_door("", "one"), nobody)
    who = await admit(knocks(b"one"))
    assert who == await admit(knocks(b"one", b"x-admin-key"))
    assert b"one" not in who.key_hash
    assert (who.prefix, who.scopes) == ("env:api", {"client", "admin"})


async def test_a_request_is_one_guess_however_often_it_says_its_header():
    wrong = [(b"x-api-key", b"guess %d" % number) for number in range(100)]
    guesses: Any = {"type": "http", "headers": [*wrong, (b"x-api-key", b"right"), *wrong]}
    with pytest.raises(HTTPException) as refused:
        await api("right")(guesses)
    assert refused.value.status_code == 401


@pytest.mark.parametrize("key", [b"", b"\xff\xfe", "clé".encode("latin-1"), b"cl\xc3"])
async def test_bytes_that_are_no_text_are_refused(key: bytes):
    with pytest.raises(HTTPException) as refused:
        await api("clé")(knocks(key))
    assert refused.value.status_code == 401


async def test_a_mistyped_key_is_refused_without_a_look_up():
    wrong = KEY[:-1] + ("0" if KEY[-1] != "0" else "1")
    with pytest.raises(HTTPException) as refused:
        await api("other")(knocks(wrong.encode()))
    assert refused.value.status_code == 401


async def test_a_key_is_found_among_others_of_its_prefix():
    def known(key: bytes) -> Known:
        return Known(id=uuid4(), key_hash=sha256(key).digest(), scopes=("client",), is_stale=False)

    async def find(prefix: str) -> Sequence[Known]:
        assert prefix == KEY[:8]
        return [known(b"another"), known(KEY.encode()), known(b"one more")]

    who = await keeper(api_door("other"), find)(knocks(KEY.encode()))
    assert (who.prefix, who.key_hash) == (KEY[:8], sha256(KEY.encode()).digest())
