"""Jobs."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import CLIENT, JOB, MOMENT

BODIES: Final[Mapping[str, Any]] = {
    "process_client": {"client_id": CLIENT},
    "add_addresses": {"client_id": CLIENT, "count": 5},
}

_WORK: Final = {"state": "done", "done": 2, "total": 2, "seconds": 1.2}

ANSWERS: Final[Mapping[str, Any]] = {
    "process_client": {
        "success": True,
        "job_id": JOB,
        "client_id": CLIENT,
        "message": "Processing started",
    },
    "add_addresses": {
        "success": True,
        "job_id": JOB,
        "client_id": CLIENT,
        "message": "Adding 5 addresses",
    },
    "job_status": {
        "job_id": JOB,
        "client_id": CLIENT,
        "kind": "process",
        "status": "completed",
        "properties_assigned": 10,
        "error_message": None,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "progress": {
            "step": "mail",
            "steps": {"scrape": _WORK, "assign": _WORK, "mail": {"state": "sent", "seconds": 0.4}},
            "attempt": 1,
            "next_attempt_at": None,
            "attempts": [
                {
                    "run": 1,
                    "ladder": 1,
                    "attempt": 1,
                    "began_at": MOMENT,
                    "ended_at": MOMENT,
                    "status": "completed",
                    "step": "mail",
                    "reason": None,
                }
            ],
        },
    },
}
