"""The simulated publisher on a local port."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Final

from typing_extensions import override

from deploy.simulator.page import Page
from deploy.simulator.site import answer

LOOPBACK: Final = "127.0.0.1"
_PUBLISHED_AT: Final = formatdate(1_791_878_400, usegmt=True)  # 13 October 2026, 08:00 UTC


class Publisher(ThreadingHTTPServer):
    """Serves the pages of one seed; the kernel chooses the port when it is 0."""

    daemon_threads = True
    request_queue_size = 128  # many tests at once

    def __init__(self, *, port: int = 0, seed: int = 1) -> None:
        self.seed: int = seed
        self.closing: Event = Event()
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}"

    @override
    def shutdown(self) -> None:
        self.closing.set()  # a slow answer does not hold up the end
        super().shutdown()


@contextmanager
def serving(*, port: int = 0, seed: int = 1) -> Generator[Publisher]:
    """A publisher in a thread of this process, stopped at the end."""
    with Publisher(port=port, seed=seed) as publisher:
        thread = Thread(target=publisher.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield publisher
        finally:
            publisher.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Publisher  # pyright: ignore[reportIncompatibleVariableOverride]  the only one there is
    protocol_version = "HTTP/1.1"
    server_version = "Simulator"

    def do_GET(self) -> None:
        self._send(answer(self.path, self.server.seed), with_body=True)

    def do_HEAD(self) -> None:
        self._send(answer(self.path, self.server.seed), with_body=False)

    def _send(self, page: Page, *, with_body: bool) -> None:
        self.server.closing.wait(page.delay_seconds)
        unchanged = page.status == HTTPStatus.OK and self.headers.get("If-None-Match") == page.etag
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else page.status)
        self.send_header("Content-Type", page.content_type)
        if page.status == HTTPStatus.OK:
            self.send_header("ETag", page.etag)
            self.send_header("Last-Modified", _PUBLISHED_AT)
        self.send_header("Content-Length", "0" if unchanged else str(len(page.body)))
        self.end_headers()
        if with_body and not unchanged:
            with suppress(ConnectionError):  # the client may have lost patience
                self.wfile.write(page.body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Silent: those who call it log what they asked."""
