"""Trying out, and beginning anew."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.deliveries import HOME
from services.gateway.routes.examples.names import CLIENT, JOB

BODIES: Final[Mapping[str, Any]] = {
    "try_client": {"client_id": CLIENT, "count": 5, "dry_run": True},
}

ANSWERS: Final[Mapping[str, Any]] = {
    "try_client": {
        "success": True,
        "client_id": CLIENT,
        "properties_assigned": 1,
        "email_sent": True,
        "properties": [HOME],
        "message": "Assigned 1 address, mail sent",
        "job_id": JOB,
        "href": f"/api/job-status/{JOB}",
    },
    "reset_assignments": {
        "success": True,
        "deleted_assignments": 25,
        "message": "Reset 25 assignments for client",
    },
}
