"""Streams of events."""

import json
from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import CLIENT, JOB, MOMENT

_STEP: Final = {
    "job": JOB,
    "client": CLIENT,
    "kind": "process",
    "run": 1,
    "step": "scrape",
    "state": "running",
    "done": 1,
    "total": 2,
    "note": "",
    "next_try_at": None,
    "at": MOMENT,
    "status": "processing",
}
_ENDED: Final = {
    "job": JOB,
    "status": "completed",
    "properties_assigned": 10,
    "error_message": None,
}

_MOVED: Final = f"retry: 3000\n\nid: 18342\nevent: job.step\ndata: {json.dumps(_STEP)}\n\n"

ANSWERS: Final[Mapping[str, Any]] = {
    "job_events": f"{_MOVED}: ping\n\nevent: job.ended\ndata: {json.dumps(_ENDED)}\n\n",
    "all_events": _MOVED,
}
