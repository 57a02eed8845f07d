"""What clients have received."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import CLIENT

ANSWERS: Final[Mapping[str, Any]] = {
    "client_properties": {
        "success": True,
        "client_id": CLIENT,
        "total_count": 1,
        "returned_count": 1,
        "properties": [
            {
                "address_id": "5f0c6f3e-3f0f-5b43-9c39-3d0f8f6f1c11",
                "address_raw": "12 B RUE DE LA REPUBLIQUE",
                "city_name": "Bourg-en-Bresse",
                "postal_code": "01000",
                "insee_code": "01053",
                "price": 182000.0,
                "surface": 96.0,
                "rooms": 4,
                "property_type": "house",
                "sale_date": "2019-06-14",
                "latitude": 46.2056,
                "longitude": 5.2281,
                "client_address_info": {"status": "new", "send_date": "2026-11-21", "notes": None},
            }
        ],
    },
}
