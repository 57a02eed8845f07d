"""Our signature holds on the very bytes that a server got, and only where a key is set."""

import base64
import re
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from libs.common.settings import SettingsError, load
from services.notifier.domain.pace import Pace
from services.notifier.mailer.smtp import SmtpSession
from services.notifier.main import session
from services.notifier.settings import NotifierSettings
from tests.notifier.letters import MAILS, hostile, letter
from tests.notifier.mail_server import MailServer

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://unused",
    "KAFKA_BOOTSTRAP_SERVERS": "unused:9092",
    "SECRET_KEY": "b2f1c0ffee",
    "EMAIL_SENDER": "TrackImmo <bonjour@trackimmo.test>",
    "SMTP_SERVER": "127.0.0.1",
    "SMTP_SECURITY": "none",
    "CTO_EMAIL": "cto@trackimmo.test",
}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.TraditionalOpenSSL,
    serialization.NoEncryption(),
).decode()
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
)
COVERED = {
    "from", "to", "date", "subject", "message-id", "list-unsubscribe", "list-unsubscribe-post",
}  # fmt: skip


def record(name: bytes, **_: object) -> bytes:
    """What the name service would say."""
    assert name == b"mail2026._domainkey.trackimmo.test."
    return b"v=DKIM1; k=rsa; p=" + PUBLIC


def signing(server: MailServer, key: str, selector: str = "mail2026") -> SmtpSession:
    told = {"SMTP_PORT": str(server.port), "DKIM_KEY": key, "DKIM_SELECTOR": selector}
    return session(load(NotifierSettings, {**ENVIRONMENT, **told}), Pace())


async def taken(server: MailServer, conversation: SmtpSession, raw: bytes) -> bytes:
    assert await conversation.envelope("a@b.test") is None
    assert (await conversation.content(raw)).code == 250
    await conversation.close()
    return server.taken[-1]


@pytest.mark.parametrize("kind, locale", MAILS)
async def test_13_the_signature_holds_on_the_wire(server: MailServer, kind: str, locale: str):
    raw = await taken(server, signing(server, PEM), letter(kind, locale).raw)

    assert dkim.verify(raw, dnsfunc=record)
    signature = re.sub(rb"\s", b"", raw.partition(b"\r\nFrom:")[0]).decode()
    names = re.search(r"h=([^;]*);", signature)
    assert names
    covered = set(names[1].split(":"))
    wanted = COVERED if kind in {"notification", "monthly", "welcome"} else COVERED & covered
    assert {"from", "to", "date", "subject", "message-id"} <= wanted <= covered


async def test_13_so_it_does_under_hostile_words_and_lines_of_dots(server: MailServer):
    raw = hostile("error", "fr").raw + b"..\r\n.\r\n\r\n\r\n"

    assert dkim.verify(await taken(server, signing(server, PEM), raw), dnsfunc=record)


async def test_13_a_changed_mail_is_found_out(server: MailServer):
    raw = await taken(server, signing(server, PEM), letter("welcome", "fr").raw)

    for part in (b"List-Unsubscribe: <https", b"Bienvenue"):
        assert part in raw
        assert not dkim.verify(raw.replace(part, part.swapcase(), 1), dnsfunc=record)


async def test_without_a_key_nothing_is_signed(server: MailServer):
    raw = await taken(server, signing(server, "", ""), letter("welcome", "fr").raw)

    assert b"DKIM-Signature" not in raw


async def test_the_key_may_lie_in_a_file_or_in_one_line(server: MailServer, tmp_path: Path):
    file = tmp_path / "dkim.pem"
    file.write_text(PEM)

    for key in (str(file), PEM.replace("\n", "\\n")):
        raw = await taken(server, signing(server, key), letter("welcome", "fr").raw)
        assert dkim.verify(raw, dnsfunc=record)


@pytest.mark.parametrize(
    "told, problem",
    [
        ({"DKIM_KEY": PEM}, "DKIM_SELECTOR"),
        ({"DKIM_SELECTOR": "mail2026"}, "DKIM_KEY and"),
        ({"DKIM_KEY": "/nowhere/key.pem", "DKIM_SELECTOR": "a"}, "DKIM_KEY is no RSA key"),
        ({"DKIM_KEY": PEM[:200], "DKIM_SELECTOR": "a"}, "DKIM_KEY is no RSA key"),
        ({"DKIM_KEY": PEM, "DKIM_SELECTOR": "a b;c"}, "DKIM_SELECTOR is no part"),
    ],
)
def test_a_key_that_cannot_sign_stops_the_start(told: dict[str, str], problem: str):
    with pytest.raises(SettingsError, match=problem) as refused:
        load(NotifierSettings, {**ENVIRONMENT, **told})

    assert "BEGIN" not in str(refused.value)


def test_a_key_of_another_kind_stops_the_start():
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(SettingsError, match="DKIM_KEY is no RSA key"):
        load(NotifierSettings, {**ENVIRONMENT, "DKIM_KEY": pem.decode(), "DKIM_SELECTOR": "a"})
