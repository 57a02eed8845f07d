"""Whether the mail server would take our mails: asked up to the greeting, never told to send."""

import asyncio
import contextlib
import socket
import ssl
from typing import Final, Literal

import aiosmtplib
import msgspec

from services.gateway.routes.ports import Component

Security = Literal["starttls", "tls", "none"]

TLS_PORT: Final = 465
GOODBYE_SECONDS: Final = 0.2


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where mails are handed over, and how that is protected."""

    host: str
    port: int
    security: Security

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.host}:{self.port}"


def protected(security: Security | Literal[""], port: int) -> Security:
    """What a setting means; without one the port tells, and it is never clear text."""
    return security or ("tls" if port == TLS_PORT else "starttls")


async def greeted(server: MailServer, seconds: float) -> Component:
    """Connect, protect the connection, say EHLO, and leave."""
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        local_hostname=socket.gethostname() or "localhost",
        timeout=seconds,
    )
    try:
        async with asyncio.timeout(seconds):
            await client.connect()
            await client.ehlo()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told in our words
        return Component(status="down", message=f"{server.name} {_why(error, seconds)}")
    finally:
        await _leave(client)
    how = "in clear text" if server.security == "none" else f"by {server.security.upper()}"
    return Component(status="ok", message=f"{server.name} answers {how}; nothing was sent")


async def _leave(client: aiosmtplib.SMTP) -> None:
    with contextlib.suppress(
        Exception
    ):  # it has answered what was asked; its goodbye tells nothing
        if client.is_connected:
            await client.quit(timeout=GOODBYE_SECONDS)
    client.close()


def _why(error: Exception, seconds: float) -> str:
    """What is wrong, and what to look at; a server's own words only where they are an answer."""
    if below := _below(error):
        return below
    if isinstance(error, aiosmtplib.SMTPResponseException):
        words = " ".join(f"{error.code} {error.message}".split())[:100]
        return f"refuses: {''.join(sign for sign in words if sign.isprintable())}"
    if isinstance(error, TimeoutError | aiosmtplib.SMTPTimeoutError):
        return f"did not answer within {seconds:g} s: is it up, and does a firewall let us through?"
    if isinstance(error, aiosmtplib.SMTPException) and "STARTTLS" in str(error):
        return "offers no STARTTLS: check SMTP_PORT and SMTP_SECURITY"
    return f"cannot be reached ({type(error).__name__}): check SMTP_SERVER and SMTP_PORT"


def _below(error: BaseException | None) -> str:
    """What went wrong before SMTP was spoken, if that is why."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that is not valid for it: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "does not speak TLS here: check SMTP_PORT and SMTP_SECURITY"
    if isinstance(error, socket.gaierror):
        return "has a name that does not resolve: check SMTP_SERVER"
    return _below(error.__cause__ or error.__context__) if error else ""
