"""Cities read anew."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import JOB

ANSWERS: Final[Mapping[str, Any]] = {
    "request_refresh": {"id": JOB, "href": f"/admin/refreshes/{JOB}"},
    "read_refresh": {"state": "running", "done": 3, "total": 9, "error": None},
}
