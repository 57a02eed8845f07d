"""Clients."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import BOURG, CLIENT, MOMENT

BODIES: Final[Mapping[str, Any]] = {
    "register_client": {
        "first_name": "Camille",
        "last_name": "Durand",
        "email": "camille.durand@agence.example",
        "company_name": "Agence Durand",
        "subscription_type": "pro",
        "send_day": 15,
        "addresses_per_report": 10,
        "chosen_cities": ["01053"],
        "property_type_preferences": ["house", "apartment"],
    },
    "change_client": {"status": "active", "send_day": 20, "telephone": None},
}

_REGISTERED: Final = {
    **BODIES["register_client"],
    "client_id": CLIENT,
    "status": "active",
    "telephone": None,
    "locale": "fr",
    "chosen_cities": [BOURG],
    "active_since": "2026-11-21",
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "last_updated": None,
}

ANSWERS: Final[Mapping[str, Any]] = {
    "register_client": _REGISTERED,
    "read_client": _REGISTERED,
    "change_client": {**_REGISTERED, "send_day": 20},
}
