"""An example of every body and answer, shown in the description of the interface.

Each module here holds `BODIES` and `ANSWERS` of one subject's operations, by the handler's name.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, Final

_SUBJECTS: Final = [
    importlib.import_module(f"{__name__}.{module.name}")
    for module in pkgutil.iter_modules(__path__)
]


def _merged(kind: str) -> Mapping[str, Any]:
    return {name: value for each in _SUBJECTS for name, value in getattr(each, kind, {}).items()}


BODIES: Final = _merged("BODIES")
ANSWERS: Final = _merged("ANSWERS")
