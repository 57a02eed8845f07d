"""The simulated publisher on a local port."""

import ssl
import sys
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import urlsplit

from typing_extensions import override

from deploy.simulator.geocoder import geocoded
from deploy.simulator.page import Page, not_found
from deploy.simulator.site import answer

LOOPBACK: Final = "127.0.0.1"
PUBLISHED_AT: Final = formatdate(1_791_878_400, usegmt=True)  # 13 October 2026, 08:00 UTC
_REMEMBERED: Final = 1000  # requests


class Publisher(ThreadingHTTPServer):
    """Serves the pages of one seed; the kernel chooses the port when it is 0.

    With a certificate in `tls` it speaks HTTPS, as `localhost` or whom the certificate names.
    """

    daemon_threads = True
    request_queue_size = 128  # many tests at once

    def __init__(
        self,
        *,
        port: int = 0,
        seed: int = 1,
        tls: ssl.SSLContext | None = None,
        dropped: Iterable[str] = (),
    ) -> None:
        self.seed: int = seed
        self.closing: Event = Event()
        self.scheme: str = "https" if tls else "http"
        self.host: str = "localhost" if tls else LOOPBACK
        self.dropped: set[str] = set(dropped)
        self.asked: deque[str] = deque(maxlen=_REMEMBERED)
        super().__init__((LOOPBACK, port), _Handler)
        if tls:  # each connection's thread greets its own client
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.server_port}"

    def drop(self, *names: str) -> None:
        """Take every file and folder of these names (`2021`, `202304`) off the site."""
        self.dropped.update(names)

    def page(self, target: str) -> Page:
        """What is at a path now, without what has been dropped since."""
        path = urlsplit(target).path
        if self.dropped.intersection(path.split("/")):
            return not_found(path)
        page = answer(target, self.seed)
        return page.without(self.dropped) if self.dropped else page

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not believe our certificate, is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)

    @override
    def shutdown(self) -> None:
        self.closing.set()  # a slow answer does not hold up the end
        super().shutdown()


@contextmanager
def serving(
    *,
    port: int = 0,
    seed: int = 1,
    tls: ssl.SSLContext | None = None,
    dropped: Iterable[str] = (),
) -> Generator[Publisher]:
    """A publisher in a thread of this process, stopped at the end."""
    with Publisher(port=port, seed=seed, tls=tls, dropped=dropped) as publisher:
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
    disable_nagle_algorithm = True  # head and body are two writes

    def do_GET(self) -> None:
        self._send(self.server.page(self.path), with_body=True)

    def do_HEAD(self) -> None:
        page = self.server.page(self.path)
        self._send(not_found(self.path) if page.is_folder else page, with_body=False)

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        page = geocoded(self.path, self.headers.get("Content-Type", ""), sent)
        self._send(page or not_found(self.path), with_body=True)

    def _send(self, page: Page, *, with_body: bool) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.closing.wait(page.delay_seconds)
        unchanged = page.is_found and self._has(page)
        body = b"" if unchanged else page.body
        self.send_response(HTTPStatus.NOT_MODIFIED if unchanged else page.status)
        self.send_header("Content-Type", page.content_type)
        if page.is_found:
            self.send_header("ETag", page.etag)
            self.send_header("Last-Modified", PUBLISHED_AT)
        for name, value in page.headers:
            self.send_header(name, value)
        if page.location:
            origin = f"{self.server.scheme}://{self.headers.get('Host', self.server.host)}"
            self.send_header("Location", f"{origin}{page.location}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            with suppress(ConnectionError):  # the client may have lost patience
                self.wfile.write(body)

    def _has(self, page: Page) -> bool:
        """Whether the client has this already: what it says of the content goes before the date."""
        known = self.headers.get("If-None-Match")
        return (
            known == page.etag if known else self.headers.get("If-Modified-Since") == PUBLISHED_AT
        )

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Silent: those who call it log what they asked."""
