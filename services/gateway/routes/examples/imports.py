"""Imports."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import JOB

BODIES: Final[Mapping[str, Any]] = {
    "request_import": {"department": "01"},
}

ANSWERS: Final[Mapping[str, Any]] = {
    "request_import": {"id": JOB, "href": f"/admin/imports/{JOB}"},
    "read_import": {"state": "running", "done": 9, "total": 18, "error": None},
}
