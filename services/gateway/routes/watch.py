"""Says when a part of the system stops being well, and when it is well again: one line each."""

import time

import structlog

from services.gateway.metrics import DEGRADED
from services.gateway.routes import checks
from services.gateway.routes.checks import Bus
from services.gateway.routes.ports import Component, Reading

log = structlog.get_logger()


class Watch:
    """Looks at the parts that /admin/health shows, but for the mail server, which is not ours."""

    def __init__(self, reading: Reading, kafka: Bus) -> None:
        self._reading, self._kafka = reading, kafka
        self._suspects: set[str] = set()
        self._since: dict[str, float] = {}

    async def look(self) -> None:
        """Look once. What is not well at two looks in a row is told; what is unknown is no news."""
        for name, part in (await checks.within(self._reading, self._kafka)).items():
            if part.status == "ok":
                self._suspects.discard(name)
                self._well(name)
            elif part.status != "unknown" and name in self._suspects:
                self._unwell(name, part)
            elif part.status != "unknown":
                self._suspects.add(name)

    def _unwell(self, name: str, part: Component) -> None:
        DEGRADED.labels(name).set(1)
        if name not in self._since:
            self._since[name] = time.monotonic()
            about = {"component": name, "status": part.status, "message": part.message}
            log.error("component_degraded", **about)

    def _well(self, name: str) -> None:
        DEGRADED.labels(name).set(0)
        if began := self._since.pop(name, None):
            log.info("component_well", component=name, seconds=round(time.monotonic() - began))
