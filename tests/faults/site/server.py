"""The simulated publisher in which requests meet faults."""

import asyncio
from contextlib import suppress
from threading import Event, Lock
from typing import Final, Literal

import msgspec
from typing_extensions import override

from deploy.simulator import geocoder
from deploy.simulator.faults import FAULTS as SPOILT
from deploy.simulator.faults import spoil
from deploy.simulator.server import Publisher, _Handler
from tests.faults.site.faults import PAGES, SILENT, STREAM_TYPE, STREAMS

Where = Literal["sales", "places", "geocoder"]
PATHS: Final[dict[Where, str]] = {
    "sales": "/geo-dvf",
    "places": "/places/",
    "geocoder": "/geocodage/",
}


class Fault(msgspec.Struct, eq=False):
    """What is answered to some requests instead of what they asked for."""

    name: str
    where: Where
    of: str
    times: float
    fired: asyncio.Event
    """Set as soon as a request has met it."""
    loop: asyncio.AbstractEventLoop
    count: int = 0

    def meets(self, path: str) -> bool:
        """Whether this request is one of them."""
        return path.startswith(PATHS[self.where]) and self.of in path and self.count < self.times

    def strike(self) -> None:
        """Count it, and tell the loop that waits for it."""
        self.count += 1
        self.loop.call_soon_threadsafe(self.fired.set)


class FaultyPublisher(Publisher):
    """Answers what the simulator does, unless a fault is due."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed)
        self.RequestHandlerClass = _FaultyHandler
        self.healed = Event()
        self.faults: list[Fault] = []
        self._lock = Lock()

    def due(self, path: str) -> Fault | None:
        """The fault that this request meets, now counted."""
        with self._lock:
            fault = next((fault for fault in self.faults if fault.meets(path)), None)
            if fault:
                fault.strike()
            return fault

    def add(self, fault: Fault) -> None:
        """Let requests meet it from now on."""
        with self._lock:
            self.faults.append(fault)

    def heal(self) -> None:
        """No faults any more; answers that do not end are cut off."""
        with self._lock:
            self.faults.clear()
            self.healed.set()
            self.healed = Event()


class _FaultyHandler(_Handler):
    server: FaultyPublisher  # pyright: ignore[reportIncompatibleVariableOverride]  the only one there is

    @override
    def do_GET(self) -> None:
        healed = self.server.healed
        fault = self.server.due(self.path)
        if fault is None:
            super().do_GET()
        else:
            self._fail(fault.name, healed)

    @override
    def do_POST(self) -> None:
        healed = self.server.healed
        fault = self.server.due(self.path)
        if fault and fault.name in geocoder.FAULTS:
            self.path = f"/faults/{fault.name}{self.path}"
        if fault is None or fault.name in geocoder.FAULTS:
            super().do_POST()
            return
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._fail(fault.name, healed)

    def _fail(self, name: str, healed: Event) -> None:
        if name in PAGES:
            self._send(PAGES[name](), with_body=True)
        elif name in SPOILT:
            self._send(spoil(name, self.server.page(self.path), self.path), with_body=True)
        else:
            self._hold(name, healed)

    def _hold(self, name: str, healed: Event) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.close_connection = True
        if name == SILENT:
            healed.wait()
            return
        self.send_response(200)
        self.send_header("Content-Type", STREAM_TYPE)
        self.send_header("Transfer-Encoding", "chunked")  # whoever is cut off knows it
        self.end_headers()
        with suppress(ConnectionError):  # the client has had enough
            for block in STREAMS[name](healed):
                if healed.is_set():
                    return
                self.wfile.write(b"%x\r\n%b\r\n" % (len(block), block))
