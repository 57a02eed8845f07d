"""Pages of ours: what they may load, and that nobody keeps them without asking."""

from collections.abc import Mapping
from typing import Final

from litestar import MediaType, Response

SAME_HOST: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; worker-src blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Both pages write style elements, Redoc searches in a worker made of a blob; no more than that."""

NOTHING: Final[Mapping[str, str]] = {}


def html_page(content: bytes, headers: Mapping[str, str] = NOTHING) -> Response[bytes]:
    """A page that may load what is served here and nothing else."""
    guards = {"Content-Security-Policy": SAME_HOST, "Cache-Control": "no-cache"}
    return Response(content, media_type=MediaType.HTML, headers={**guards, **headers})
