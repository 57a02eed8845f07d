"""Scripts, styles and pictures of the pages: a fixed table, found when the process starts."""

import gzip
import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

STATIC: Final = Path(__file__).resolve().parents[1] / "static"
SERVED: Final = frozenset({".js", ".css", ".png", ".svg"})
TEXT: Final = frozenset({".js", ".css", ".svg"})
FINGERPRINT_SIGNS: Final = 12
MEDIA_TYPES: Final = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it is sent."""

    content: bytes
    gzipped: bytes | None
    """Where that is smaller."""
    media_type: str
    fingerprint: str


@cache
def table() -> dict[str, Asset]:
    """Every asset by its name: ours as `console.js`, those of others as `leaflet/leaflet.css`."""
    found = {}
    for root in (STATIC / "app", STATIC / "vendor"):
        for path in sorted(root.rglob("*")):
            if path.suffix in SERVED and path.is_file():
                found[path.relative_to(root).as_posix()] = _asset(path)
    return found


def url(name: str) -> str:
    """Where a page finds an asset; the address changes with the content, so it may be kept for good."""
    return f"/assets/{name}?v={table()[name].fingerprint}"


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    packed = gzip.compress(content, mtime=0) if path.suffix in TEXT else content
    media_type = MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return Asset(
        content=content,
        gzipped=packed if len(packed) < len(content) else None,
        media_type=media_type or "application/octet-stream",
        fingerprint=hashlib.sha256(content).hexdigest()[:FINGERPRINT_SIGNS],
    )
