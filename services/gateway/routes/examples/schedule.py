"""The schedule by hand."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import CLIENT

BODIES: Final[Mapping[str, Any]] = {
    "run_schedule": {"kind": "send_day", "date": "2026-11-21", "dry_run": True},
}

ANSWERS: Final[Mapping[str, Any]] = {
    "run_schedule": {
        "kind": "send_day",
        "date": "2026-11-21",
        "dry_run": True,
        "tick": "new",
        "ran_at": None,
        "clients": [{"client_id": CLIENT, "effective_day": "2026-11-21", "already_served": False}],
    },
}
