"""Dead letters."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import CLIENT, JOB, MOMENT

_HELD: Final = {"success": True, "id": JOB, "service": "notifier"}

ANSWERS: Final[Mapping[str, Any]] = {
    "list_dead_letters": [
        {
            "id": JOB,
            "service": "notifier",
            "state": "dead",
            "reason": "UnreadableError",
            "error": "UnreadableError: trackimmo.client.erased.v1: Object missing required field `client_id`",
            "topic": "client.erased",
            "partition": 3,
            "offset": 1042,
            "key": CLIENT,
            "headers": {"ce_type": "trackimmo.client.erased.v1", "ce_id": JOB},
            "raw": '{"client": 7}',
            "raw_encoding": "text",
            "raw_bytes": 13,
            "decoded": {"client": 7},
            "attempts": 1,
            "replays": 0,
            "next_attempt_at": None,
            "created_at": MOMENT,
            "updated_at": MOMENT,
            "age_seconds": 63.5,
        }
    ],
    "replay_dead_letter": {
        **_HELD,
        "state": "waiting",
        "changed": True,
        "message": "Will be tried again at once",
    },
    "discard_dead_letter": {
        **_HELD,
        "state": "discarded",
        "changed": True,
        "message": "Will not be tried again",
    },
}
