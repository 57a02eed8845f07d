"""Outboxes."""

from collections.abc import Mapping
from typing import Any, Final

BODIES: Final[Mapping[str, Any]] = {"replay_outbox": {"since": "2026-11-21T08:00:00Z"}}
ANSWERS: Final[Mapping[str, Any]] = {
    "replay_outbox": {
        "success": True,
        "since": "2026-11-21T08:00:00Z",
        "events": {
            "gateway": 310,
            "scraper": 150,
            "assigner": 150,
            "notifier": 450,
            "scheduler": 2,
        },
        "message": "1062 events will be published again; who knows them does nothing",
    }
}
