"""How a conversation is protected, and what it says when it cannot be."""

from services.notifier.domain.delivery import Verdict, verdict
from services.notifier.mailer.smtp import Security, Server, SmtpSession, _printable
from tests.notifier.mail_server import MailServer, mail_server

PASSWORD = "correct horse"


def session(server: MailServer, security: Security, username: str = "") -> SmtpSession:
    return SmtpSession(
        Server(
            host="127.0.0.1", port=server.port, security=security, username=username,
            password=PASSWORD, local_hostname="our.test", other_seconds=2,
        ),
        "bonjour@our.test",
    )  # fmt: skip


async def test_a_server_without_starttls_gets_no_mail_in_clear(server: MailServer):
    reply = await session(server, "starttls").envelope("a@b.test")

    assert reply is not None
    assert reply.verb == "STARTTLS"
    assert "not supported" in reply.text
    assert verdict(reply) is Verdict.RETRY
    assert "MAIL" not in server.seen


async def test_a_server_without_tls_gets_no_mail_in_clear(server: MailServer):
    reply = await session(server, "tls").envelope("a@b.test")

    assert reply is not None
    assert (reply.verb, reply.code) == ("CONNECT", None)
    assert server.seen == []


async def test_a_refused_password_is_a_matter_of_configuration():
    async with mail_server(login=("us", "another")) as server:
        reply = await session(server, "none", "us").envelope("a@b.test")

    assert reply is not None
    assert (reply.verb, reply.code) == ("AUTH", 535)
    assert verdict(reply) is Verdict.CONFIGURATION
    assert PASSWORD not in reply.words


async def test_a_password_that_fits_opens_the_door():
    async with mail_server(login=("us", PASSWORD)) as server:
        conversation = session(server, "none", "us")
        assert await conversation.envelope("a@b.test") is None
        await conversation.close()


async def test_words_of_a_server_are_kept_to_a_thousand_characters(server: MailServer):
    server.answer("RCPT", "550 no\x00" + "x" * 3000)

    reply = await session(server, "none").envelope("a@b.test")

    assert reply is not None
    assert reply.text == ("no\N{REPLACEMENT CHARACTER}" + "x" * 3000)[:1000]


def test_bytes_that_are_no_utf8_become_storable():
    broken = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert _printable(broken) == "caf\N{REPLACEMENT CHARACTER}"


async def test_a_hundred_mails_are_enough_for_a_connection(server: MailServer):
    conversation = session(server, "none")
    for _ in range(101):
        assert await conversation.envelope("a@b.test") is None
        assert (await conversation.content(b"Subject: x\r\n\r\nx\r\n")).code == 250
    await conversation.close()

    assert server.sessions == 2


async def test_a_250_without_the_content_is_no_proof_that_it_was_taken(server: MailServer):
    server.answer("DATA", "250 OK")
    conversation = session(server, "none")
    assert await conversation.envelope("a@b.test") is None

    reply = await conversation.content(b"Subject: x\r\n\r\nx\r\n")

    assert verdict(reply) is Verdict.UNKNOWN
    assert server.taken == []
