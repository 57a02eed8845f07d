"""What operators see and do."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.clients import ANSWERS as CLIENTS
from services.gateway.routes.examples.names import BOURG, CLIENT, JOB, MOMENT

_JOB: Final = {
    "job_id": JOB,
    "client_id": CLIENT,
    "kind": "scheduled",
    "status": "completed",
    "properties_assigned": 10,
    "attempt_count": 1,
    "last_attempt": MOMENT,
    "next_attempt": None,
    "error_message": None,
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "clients": {
        "first_name": "Camille",
        "last_name": "Durand",
        "email": "camille.durand@agence.example",
    },
}

ANSWERS: Final[Mapping[str, Any]] = {
    "process_retry_queue": {
        "success": True,
        "processed": 3,
        "failed": 1,
        "message": "Processed 3 jobs, 1 failed",
    },
    "cleanup_jobs": {
        "success": True,
        "cleaned_jobs": 12,
        "message": "Cleaned 12 jobs older than 7 days",
    },
    "delete_old_jobs": {
        "success": True,
        "deleted_jobs": 12,
        "message": "Deleted 12 jobs older than 30 days",
    },
    "list_jobs": [_JOB],
    "retry_job": {
        "success": True,
        "job_id": JOB,
        "client_id": CLIENT,
        "message": "Job started again",
    },
    "cancel_job": {
        "success": True,
        "job_id": JOB,
        "client_id": CLIENT,
        "message": "Cancelled by tik_4fXq",
    },
    "list_clients": [
        {
            "client_id": CLIENT,
            "first_name": "Camille",
            "last_name": "Durand",
            "email": "camille.durand@agence.example",
            "status": "active",
            "subscription_type": "pro",
            "chosen_cities": [BOURG],
            "property_type_preferences": ["house", "apartment"],
            "addresses_per_report": 10,
            "send_day": 15,
            "created_at": MOMENT,
        }
    ],
    "show_client": {
        "client": CLIENTS["read_client"],
        "assigned_properties_count": 10,
        "recent_jobs": [_JOB],
        "cities": [
            {
                "city_id": BOURG,
                "name": "Bourg-en-Bresse",
                "postal_code": "01000",
                "insee_code": "01053",
            }
        ],
    },
    "system_stats": {
        "total_clients": 150,
        "active_clients": 142,
        "total_properties": 48210,
        "total_assignments": 18300,
        "jobs_pending": 2,
        "jobs_processing": 1,
        "jobs_completed": 1710,
        "jobs_failed": 3,
        "mails": {
            "pending": 0,
            "claimed": 0,
            "handing_off": 0,
            "sent": 3405,
            "failed": 4,
            "unknown": 1,
            "suppressed": 12,
        },
        "dead_letters": 0,
        "outbox_unpublished": 0,
    },
}
