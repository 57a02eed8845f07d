"""Whom a link in a mail belongs to, and what it may still do."""

from datetime import datetime
from typing import Final, cast
from uuid import UUID

import msgspec

from libs.common.postgres import Connection


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """The client to whom a link was given."""

    client_id: UUID
    locale: str
    void_before: datetime | None
    """Links to the page that were given before open nothing any more."""
    unsubscribed: bool

    def may_look(self, issued_at: datetime) -> bool:
        """Whether a link to the page, given at this instant, has not been revoked."""
        return self.void_before is None or issued_at >= self.void_before


HOLDER: Final = """
    select c.id as client_id, c.locale, t.void_before,
           exists (select from notifier.suppressed s where s.client_id = c.id) as unsubscribed
    from client c left join page_token t on t.client_id = c.id
    where c.id = $1
"""

# An erasure waits for this transaction, and then forgets what it did.
KEEP: Final = "select true from client where id = $1 for key share"

SUPPRESS: Final = "select notifier.suppress($1, $2)"
RESUME: Final = "select notifier.resume($1)"

REVOKE: Final = """
    insert into page_token (client_id, void_before) values ($1, public.clock())
    on conflict (client_id) do update set void_before = excluded.void_before
    returning void_before
"""


async def holder(connection: Connection, client_id: UUID) -> Holder | None:
    """Whose link it is; nobody's when the client is gone."""
    row = await connection.fetchrow(HOLDER, client_id)
    return Holder(**row) if row else None


async def unsubscribe(connection: Connection, client_id: UUID, reason: str) -> bool:
    """No notices and notifications from now on; whether that is new."""
    if not await connection.fetchval(KEEP, client_id):
        return False
    return bool(await connection.fetchval(SUPPRESS, client_id, reason))


async def resume(connection: Connection, client_id: UUID) -> bool:
    """The next notices and notifications go out again; whether that is new."""
    return bool(await connection.fetchval(RESUME, client_id))


async def revoke(connection: Connection, client_id: UUID) -> datetime:
    """Links to the client's page given until now open nothing any more."""
    return cast(datetime, await connection.fetchval(REVOKE, client_id))
