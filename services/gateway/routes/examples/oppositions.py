"""The register of oppositions."""

from collections.abc import Mapping
from typing import Any, Final

from services.gateway.routes.examples.names import JOB, MOMENT

_TOLD: Final = {"address": "12 bis rue de la République", "reason": "Letter of 3 May 2026"}

BODIES: Final[Mapping[str, Any]] = {"oppose": {**_TOLD, "insee": "01053"}}

_STANDING: Final = {
    "id": JOB,
    "insee": "01053",
    "city_name": "Bourg-en-Bresse",
    "doors": 4,
    "created_at": MOMENT,
}

ANSWERS: Final[Mapping[str, Any]] = {
    "oppose": _STANDING,
    "list_oppositions": [{**_STANDING, **_TOLD}],
}
