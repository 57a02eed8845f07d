"""Signed links: who holds one may see or change what it names, and nothing else.

48 characters: the client's id, the second of issue and 128 bits of HMAC-SHA256, whose message begins
with the purpose, so that a link to look is no link to unsubscribe. Nothing is stored for a link.
"""

import binascii
import hmac
from base64 import b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

Purpose = Literal["page", "unsubscribe"]

PAGE_DAYS: Final = 60
TOKEN_CHARACTERS: Final = 48

_ID: Final = 16
_SECONDS: Final = 4
"""Until 2106."""
_MAC: Final = 16


class Link(msgspec.Struct, frozen=True):
    """What a link says: whose it is, and when it was given."""

    client_id: UUID
    issued_at: datetime


def sign(secret: str, purpose: Purpose, client_id: UUID, issued_at: datetime) -> str:
    """The token of a client's link, the same whenever it is asked for with the same instant."""
    if issued_at.tzinfo is None:
        raise ValueError("A link needs an instant with its zone")
    body = client_id.bytes + int(issued_at.timestamp()).to_bytes(_SECONDS)
    return urlsafe_b64encode(body + _mac(secret, purpose, body)).decode("ascii")


def read(secret: str, purpose: Purpose, token: str, *, now: datetime) -> Link | None:
    """What a token says if we signed it for this purpose and it has not ended."""
    if len(token) != TOKEN_CHARACTERS:
        return None
    try:
        raw = b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    if "+" in token or "/" in token:  # decoded all the same, but never written by us
        return None
    body, mac = raw[:-_MAC], raw[-_MAC:]
    if len(body) != _ID + _SECONDS or not hmac.compare_digest(mac, _mac(secret, purpose, body)):
        return None
    issued_at = datetime.fromtimestamp(int.from_bytes(body[_ID:]), UTC)
    if purpose == "page" and now >= issued_at + timedelta(days=PAGE_DAYS):
        return None
    return Link(UUID(bytes=body[:_ID]), issued_at)


def _mac(secret: str, purpose: Purpose, body: bytes) -> bytes:
    message = b"trackimmo link 1\0" + purpose.encode("ascii") + b"\0" + body
    return hmac.digest(secret.encode("utf-8", "surrogateescape"), message, "sha256")[:_MAC]
