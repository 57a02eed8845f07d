"""What a publisher in trouble answers, beyond what the simulator knows by itself."""

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from itertools import repeat
from threading import Event
from typing import Final

from deploy.simulator.faults import FAULTS as SPOILT
from deploy.simulator.geocoder import FAULTS as MISREAD
from deploy.simulator.page import CSV, GZIP, HTML, TEXT, Page

RETRY_AFTER_SECONDS: Final = 2
METADATA: Final = "http://169.254.169.254/latest/meta-data/"
"""Where clouds keep a machine's secrets."""
BOMB_BYTES: Final = 1024**3
_BLOCK_BYTES: Final = 16 * 1024**2
_LINES: Final = b"no sale\n" * 131_072
_CAPTCHA: Final = b"""<!doctype html><html><head><title>Are you human?</title></head>
<body><form action="/captcha" method="post"><img src="/captcha.png" alt="">
<input name="answer"><button>Continue</button></form></body></html>
"""


def _too_many() -> Page:
    wait = ("Retry-After", str(RETRY_AFTER_SECONDS))
    return Page(b"Too Many Requests\n", TEXT, HTTPStatus.TOO_MANY_REQUESTS, headers=(wait,))


def _redirect() -> Page:
    return Page(b"", HTML, HTTPStatus.FOUND, headers=(("Location", METADATA),))


@lru_cache(maxsize=1)
def bomb() -> bytes:
    """A gzip file of a megabyte that unpacks to a gigabyte; its checksum is wrong."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packing.compress(bytes(_BLOCK_BYTES)) + packing.flush(zlib.Z_FULL_FLUSH)
    head = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    tail = b"\x03\0" + struct.pack("<II", 0, BOMB_BYTES)
    return head + block * (BOMB_BYTES // _BLOCK_BYTES) + tail


PAGES: Final[Mapping[str, Callable[[], Page]]] = {
    "429": _too_many,
    "500": lambda: Page(b"Internal Server Error\n", TEXT, 500),
    "502": lambda: Page(b"Bad Gateway\n", TEXT, 502),
    "503": lambda: Page(b"Service Unavailable\n", TEXT, 503),
    "captcha": lambda: Page(_CAPTCHA, HTML),
    "redirect": _redirect,
    "bomb": lambda: Page(bomb(), GZIP),
}
"""The same answer to every request."""


def _endless(_healed: Event) -> Iterator[bytes]:
    return repeat(_LINES)


def _trickle(healed: Event) -> Iterator[bytes]:
    while not healed.wait(1):
        yield b"n"


def _hang(healed: Event) -> Iterator[bytes]:
    healed.wait()
    yield b""


STREAMS: Final[Mapping[str, Callable[[Event], Iterator[bytes]]]] = {
    "endless": _endless,
    "trickle": _trickle,
    "hang": _hang,
}
"""Answers that do not end before the site is healed; `hang` has a head and no body."""

SILENT: Final = "silent"
"""Not even a head."""

NAMES: Final = frozenset({*PAGES, *STREAMS, *SPOILT, *MISREAD, SILENT})
STREAM_TYPE: Final = CSV
