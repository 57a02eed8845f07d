from typing import Any

import pytest
from litestar.exceptions import HTTPException

from services.gateway.routes.keys import admin_keys, api_keys


def knocks(key: bytes, header: bytes = b"x-api-key") -> Any:
    return {"type": "http", "headers": [(b"host", b"gateway"), (header, key)]}


def test_a_key_beyond_ascii_opens_with_its_own_bytes():
    assert api_keys("clé-étrange")(knocks("clé-étrange".encode()))


def test_a_key_is_known_by_its_hash_in_whichever_header_it_comes():
    admit = admin_keys("", "one")
    assert admit(knocks(b"one")) == admit(knocks(b"one", b"x-admin-key"))
    assert b"one" not in admit(knocks(b"one"))


@pytest.mark.parametrize("key", [b"", b"\xff\xfe", "clé".encode("latin-1"), b"cl\xc3"])
def test_bytes_that_are_no_text_are_refused(key: bytes):
    with pytest.raises(HTTPException) as refused:
        api_keys("clé")(knocks(key))
    assert refused.value.status_code == 401
