from typing import Any

import pytest
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException

from services.gateway.routes.keys import api_guard


def knocks(key: bytes) -> Any:
    return ASGIConnection({"type": "http", "headers": [(b"x-api-key", key)]})  # type: ignore[arg-type]


def test_a_key_beyond_ascii_opens_with_its_own_bytes():
    opened = api_guard("clé-étrange")(knocks("clé-étrange".encode()), None)  # type: ignore[arg-type]
    assert opened is None  # a guard refuses by raising


@pytest.mark.parametrize("key", [b"", b"\xff\xfe", "clé".encode("latin-1"), b"cl\xc3"])
def test_bytes_that_are_no_text_are_refused(key: bytes):
    with pytest.raises(HTTPException) as refused:
        api_guard("clé")(knocks(key), None)  # type: ignore[arg-type]
    assert refused.value.status_code == 401
