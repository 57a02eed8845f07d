"""A publisher on a local port that counts what it is asked and what it gives."""

import hashlib
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

Answer = Callable[["Counter"], None]


class Shop(ThreadingHTTPServer):
    """Has the files that a test puts into `files`; `answers` speaks for some paths otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.given: list[str] = []  # the paths of which a body was sent
        self.closing = Event()
        super().__init__(("127.0.0.1", 0), Counter)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def forget(self) -> None:
        """Count from zero."""
        self.asked.clear()
        self.given.clear()


class Counter(BaseHTTPRequestHandler):
    server: Any
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if answer := self.server.answers.get(self.path):
            with suppress(ConnectionError):  # the client may have hung up, as it should
                answer(self)
            return
        content = self.server.files.get(self.path)
        if content is None:
            self.say(404, b"")
            return
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        if self.headers.get("If-None-Match") == etag:
            self.say(304, b"")
            return
        self.server.given.append(self.path)
        self.say(200, content, ETag=etag)

    def say(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called there
        """Silent."""


@contextmanager
def open_shop() -> Generator[Shop]:
    with Shop() as shop:
        thread = Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield shop
        finally:
            shop.closing.set()
            shop.shutdown()
            thread.join()
