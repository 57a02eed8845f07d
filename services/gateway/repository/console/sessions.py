"""Operators who have signed in: known by the hash of a token, for as long as their key holds."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from libs.common.postgres import Connection


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A session that has not ended by itself; `handed_out` when its key is one in force of our list."""

    key_hash: bytes
    actor: str
    flash: Mapping[str, Any] | None
    handed_out: bool


BEGIN: Final = """
    insert into console_session (token_hash, key_hash, actor) values ($1, $2, $3)
"""

# That it was used is written once a minute: a page with twenty parts is to be one write.
FIND: Final = """
    with found as (
      select token_hash, key_hash, actor, flash, used_at from console_session
      where token_hash = $1 and created_at > public.clock() - interval '12 hours'
        and used_at > public.clock() - interval '2 hours'
    ), touched as (
      update console_session as session set used_at = public.clock() from found
      where $2 and session.token_hash = found.token_hash
        and found.used_at < public.clock() - interval '1 minute'
    )
    select key_hash, actor, flash, exists (
      select from api_key
      where api_key.prefix = found.actor and api_key.key_hash = found.key_hash
        and api_key.revoked_at is null and 'admin' = any (api_key.scopes)) as handed_out
    from found
"""

SAY: Final = "update console_session set flash = $2 where token_hash = $1"

END: Final = "delete from console_session where token_hash = $1"

PRUNE: Final = """
    delete from console_session
    where created_at <= public.clock() - interval '12 hours'
       or used_at <= public.clock() - interval '2 hours'
"""


async def begin(connection: Connection, token_hash: bytes, key_hash: bytes, actor: str) -> None:
    """Let in who brings the token from now on."""
    await connection.execute(BEGIN, token_hash, key_hash, actor)


async def find(connection: Connection, token_hash: bytes, *, is_use: bool = True) -> Row | None:
    """Whose token it is, if the session has not ended; `is_use` when somebody did something with it."""
    row = await connection.fetchrow(FIND, token_hash, is_use)
    return Row(**row) if row else None


async def say(connection: Connection, token_hash: bytes, flash: Mapping[str, Any] | None) -> None:
    """Keep what the next page is to say, or that it was said."""
    await connection.execute(SAY, token_hash, flash)


async def end(connection: Connection, token_hash: bytes) -> None:
    """The token opens nothing from the commit on."""
    await connection.execute(END, token_hash)


async def prune(connection: Connection) -> None:
    """Forget the sessions that have ended by themselves."""
    await connection.execute(PRUNE)
