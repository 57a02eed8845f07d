"""What clients have received."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import CLIENT, MOMENT

BODIES: Final[Mapping[str, Any]] = {
    "follow_up_property": {
        "status": "meeting",
        "notes": "Rappeler samedi",
        "contact_date": "2026-11-20",
        "desired_price": 265000,
    },
}

HOME: Final[Mapping[str, Any]] = {
    "address_id": "5f0c6f3e-3f0f-5b43-9c39-3d0f8f6f1c11",
    "address_raw": "12 B RUE DE LA REPUBLIQUE",
    "printed_address": "12 bis rue de la République, 01000 Bourg-en-Bresse",
    "city_name": "Bourg-en-Bresse",
    "postal_code": "01000",
    "insee_code": "01053",
    "price": 182000.0,
    "surface": 96.0,
    "land_surface": 410.0,
    "rooms": 4,
    "property_type": "house",
    "sale_date": "2019-06-14",
    "latitude": 46.2056,
    "longitude": 5.2281,
    "position": {"source": "geocoder", "score": 0.97},
    "estimate": {
        "value": 243000,
        "low": 208000,
        "high": 281000,
        "basis": "commune",
        "comparables": 214,
    },
    "client_address_info": {
        "status": "meeting",
        "send_date": "2026-11-21",
        "notes": "Rappeler samedi",
        "contact_date": "2026-11-20",
        "follow_up": None,
        "sale_horizon": None,
        "desired_price": 265000.0,
        "followed_at": MOMENT,
    },
}
_STATE: Final = {
    name: value for name, value in HOME["client_address_info"].items() if name != "send_date"
}

ANSWERS: Final[Mapping[str, Any]] = {
    "client_properties": {
        "success": True,
        "client_id": CLIENT,
        "total_count": 1,
        "returned_count": 1,
        "properties": [HOME],
    },
    "client_property": {**HOME, "history": [_STATE]},
    "follow_up_property": {**HOME, "history": [_STATE]},
}
