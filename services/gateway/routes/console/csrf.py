"""Requests that another site makes an operator's browser send: refused.

Litestar's own protection compares a form with a second cookie; a site beside ours under the same
domain could set both. Ours compares it with the session itself, and asks the browser where the
request comes from.
"""

import hmac
from typing import Final
from urllib.parse import urlsplit

from services.gateway.routes.console.session import AnyConnection, Session
from services.gateway.routes.problems import Refusal

FIELD: Final = "csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OWN: Final = frozenset({"same-origin", "none"})
"""What a browser says of a request from our own pages, or that its user began by hand."""


def refuse_foreign(connection: AnyConnection) -> None:
    """Refuse what the browser says comes from another site."""
    site = connection.headers.get("Sec-Fetch-Site")
    if site is not None and site not in OWN:
        raise Refusal(403, "This request comes from another site")
    origin = connection.headers.get("Origin")
    if site is None and origin and urlsplit(origin).netloc != connection.headers.get("Host"):
        raise Refusal(403, "This request comes from another site")


def refuse_forged(session: Session, given: str) -> None:
    """Refuse a form that is not of this session's pages."""
    if not hmac.compare_digest(session.csrf.encode(), given.encode()):
        raise Refusal(403, "This form is not of your session: open the page again and repeat")
