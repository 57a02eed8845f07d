"""Cities."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import BOURG, MOMENT

ANSWERS: Final[Mapping[str, Any]] = {
    "find_cities": [
        {
            "city_id": BOURG,
            "name": "Bourg-en-Bresse",
            "postal_code": "01000",
            "postal_codes": ["01000"],
            "insee_code": "01053",
            "department": "01",
            "region": "84",
            "population": 42111,
            "house_price_avg": 2150,
            "apartment_price_avg": 1890,
            "last_scraped": MOMENT,
            "covered": True,
        }
    ],
}
