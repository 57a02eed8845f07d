"""Keys of the interface."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import JOB, MOMENT

BODIES: Final[Mapping[str, Any]] = {"create_api_key": {"name": "CRM", "scopes": ["client"]}}

_KEY: Final = {
    "id": JOB,
    "name": "CRM",
    "prefix": "tik_4fXq",
    "scopes": ["client"],
    "created_at": MOMENT,
    "last_used_at": None,
    "revoked_at": None,
}

ANSWERS: Final[Mapping[str, Any]] = {
    "create_api_key": {**_KEY, "key": "tik_4fXq" + "…"},
    "list_api_keys": [_KEY],
}
