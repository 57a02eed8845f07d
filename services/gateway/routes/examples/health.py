"""Health, versions, probes."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import MOMENT

ANSWERS: Final[Mapping[str, Any]] = {
    "health": {"status": "ok", "service": "TrackImmo API", "version": "0.1.0"},
    "api_health": {"status": "ok", "service": "TrackImmo API", "version": "0.1.0"},
    "version": {"version": "0.1.0", "service": "TrackImmo API"},
    "live": {"status": "ok"},
    "ready": {"status": "ok"},
    "admin_health": {
        "status": "ok",
        "timestamp": MOMENT,
        "components": {
            "database": {"status": "ok", "message": "Connected, 150 total clients"},
            "email": {"status": "unknown", "message": "Not configured"},
        },
    },
}
