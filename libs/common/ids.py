"""Identifiers that sort by the time of their making."""

from uuid import UUID

import uuid_utils


def uuid7() -> UUID:
    """A new UUIDv7 (RFC 9562)."""
    return UUID(int=uuid_utils.uuid7().int)
