"""The schedule of some days."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import CLIENT, JOB, MOMENT

ANSWERS: Final[Mapping[str, Any]] = {
    "show_schedule": {
        "from": "2026-11-21",
        "to": "2026-11-21",
        "ticks": [
            {
                "kind": "send_day",
                "due_on": "2026-11-21",
                "state": "done",
                "late": False,
                "clients": 42,
                "undelivered": 1,
                "emitted_at": MOMENT,
                "handled_at": MOMENT,
            }
        ],
        "undelivered": [
            {
                "job_id": JOB,
                "client_id": CLIENT,
                "month": "2026-11-01",
                "due_on": "2026-11-21",
                "late": False,
                "error_message": "All sources of 01053 failed",
                "failed_at": MOMENT,
            }
        ],
    }
}
