"""What the notifier is told by its environment."""

import re
from collections.abc import Iterator
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from dkim.crypto import UnparsableKeyError, parse_pem_private_key

from libs.common.settings import CommonSettings, default_key

ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*"
)
"""As an envelope can bear it: the local part in ASCII, an international domain as `xn--…`."""
TLS_PORT: Final = 465
SELECTOR: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*")


class NotifierSettings(CommonSettings, frozen=True, kw_only=True):
    """Common settings, the server that takes our mails, and whom they are from."""

    secret_key: Annotated[str, msgspec.Meta(examples=["the output of `openssl rand -hex 32`"])]
    """Signs links."""
    email_sender: Annotated[str, msgspec.Meta(examples=["TrackImmo <bonjour@trackimmo.fr>"])]
    smtp_server: Annotated[str, msgspec.Meta(examples=["smtp.example.org"])]
    cto_email: Annotated[str, msgspec.Meta(examples=["cto@trackimmo.fr"])]
    cto_locale: Literal["fr", "en"] = "fr"
    """Of the mails to the CTO."""
    mail_domain: str = ""
    """Of Message-IDs; empty: the sender's."""
    smtp_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    smtp_security: Literal["starttls", "tls", "none", ""] = ""
    """Empty: `tls` on port 465, else `starttls`; never clear text unless `none` is said."""
    smtp_username: str = ""
    smtp_password: str = ""
    dkim_key: str = ""
    """An RSA key as PEM, or the path of its file; empty: the mail server signs, or nobody."""
    dkim_selector: str = ""
    mail_connections: Annotated[int, msgspec.Meta(ge=1, le=50)] = 4
    api_base_url: str = "http://localhost:8000"
    public_base_url: str = ""
    """Of links in mails; empty: API_BASE_URL."""

    def __post_init__(self) -> None:
        """Refuse what could not send a mail, or would sign links with a key that all know."""
        problems = "; ".join(_problems(self))
        if problems:
            raise ValueError(problems)

    @property
    def sender(self) -> tuple[str, str]:
        """Name and address of the sender."""
        name, address = parseaddr(self.email_sender)
        return name or "TrackImmo", address

    @property
    def id_domain(self) -> str:
        """The right side of Message-IDs."""
        return self.mail_domain or self.sender[1].rpartition("@")[2]

    @property
    def security(self) -> Literal["starttls", "tls", "none"]:
        """How the conversation with the server is protected."""
        return self.smtp_security or ("tls" if self.smtp_port == TLS_PORT else "starttls")

    @property
    def dkim_pem(self) -> bytes:
        """The key that signs mails; empty where none is set."""
        text = self.dkim_key.replace("\\n", "\n")
        if text and "-----BEGIN" not in text:
            return Path(text).read_bytes()
        return text.encode()

    @property
    def shown(self) -> dict[str, str]:
        """How mails are sent, as a test mail may tell it: of a secret only that there is one."""
        name, address = self.sender
        hidden = {"SMTP_USERNAME": self.smtp_username, "SMTP_PASSWORD": self.smtp_password}
        return {
            "EMAIL_SENDER": f"{name} <{address}>",
            "MAIL_DOMAIN": self.id_domain,
            "CTO_EMAIL": self.cto_email,
            "SMTP_SERVER": self.smtp_server,
            "SMTP_PORT": str(self.smtp_port),
            "SMTP_SECURITY": self.security,
            **{variable: "••••••" if value else "–" for variable, value in hidden.items()},
            "DKIM_SELECTOR": self.dkim_selector or "–",
            "PUBLIC_BASE_URL": self.link_base_url,
        }

    @property
    def link_base_url(self) -> str:
        """What links begin with."""
        return (self.public_base_url or self.api_base_url).rstrip("/")


def _problems(settings: NotifierSettings) -> Iterator[str]:
    if known := default_key("SECRET_KEY", settings.secret_key):
        yield known
    if not ADDRESS.fullmatch(settings.sender[1]) or not settings.sender[0].isprintable():
        yield f"EMAIL_SENDER ({settings.email_sender!r}) is no mail address, for example bonjour@trackimmo.fr"
    if not ADDRESS.fullmatch(settings.cto_email):
        yield f"CTO_EMAIL ({settings.cto_email!r}) is no mail address, for example cto@trackimmo.fr"
    if settings.mail_domain and not ADDRESS.fullmatch(f"id@{settings.mail_domain}"):
        yield f"MAIL_DOMAIN ({settings.mail_domain!r}) is no domain, for example trackimmo.fr"
    yield from _dkim_problems(settings)
    if settings.smtp_password and not settings.smtp_username:
        yield "SMTP_USERNAME is missing beside SMTP_PASSWORD, for example apikey"


def _dkim_problems(settings: NotifierSettings) -> Iterator[str]:
    if bool(settings.dkim_key) != bool(settings.dkim_selector):
        yield "DKIM_KEY and DKIM_SELECTOR go together, for example var/dkim.pem and mail2026"
    if settings.dkim_selector and not SELECTOR.fullmatch(settings.dkim_selector):
        yield "DKIM_SELECTOR is no part of a domain name, for example mail2026"
    try:
        if settings.dkim_key:
            parse_pem_private_key(settings.dkim_pem)
    except (OSError, UnparsableKeyError, ValueError, IndexError):
        yield "DKIM_KEY is no RSA key in PEM nor the path of one, for example var/dkim.pem"
