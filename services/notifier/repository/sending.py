"""How this installation sends, written down for whoever asks the gateway."""

from typing import Final

import msgspec

from libs.common.postgres import Connection

TELL: Final = """
    insert into sending (smtp_server, smtp_port, smtp_security, with_login, email_sender, id_domain)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (only_row) do update set
      smtp_server = excluded.smtp_server, smtp_port = excluded.smtp_port,
      smtp_security = excluded.smtp_security, with_login = excluded.with_login,
      email_sender = excluded.email_sender, id_domain = excluded.id_domain,
      told_at = excluded.told_at
"""


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of sending that are no secret."""

    smtp_server: str
    smtp_port: int
    smtp_security: str
    with_login: bool
    email_sender: str
    id_domain: str


async def tell(connection: Connection, sending: Sending) -> None:
    """Write it down; who started last is right."""
    await connection.execute(TELL, *msgspec.structs.astuple(sending))
