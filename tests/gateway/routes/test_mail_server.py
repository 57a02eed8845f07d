"""The mail server as /admin/health looks at it: connected to, never sent to."""

import asyncio
import ssl
from typing import Any

import pytest
import trustme

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api, Make
from tests.gateway.routes.mail_servers import WITH_STARTTLS, Heard, mail_server
from tests.support.authority import certified


async def email(make_api: Make, **settings: Any) -> dict[str, str]:
    answer = await (await make_api(**settings)).get("/admin/health")
    return answer.json()["components"]["email"]


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> ssl.SSLContext:
    """A certificate for localhost that this process believes."""
    authority = trustme.CA()
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return certified(authority, "localhost")


async def test_it_is_greeted_and_nothing_is_sent(make_api: Make):
    heard = Heard()
    async with mail_server(heard=heard) as settings:
        shown = await email(make_api, **settings)

    assert shown == {
        "status": "ok",
        "message": f"localhost:{settings['smtp_port']} answers in clear text; nothing was sent",
    }
    assert set(heard.commands) <= {"EHLO", "QUIT"}
    assert heard.commands[0] == "EHLO"


async def test_starttls_is_really_done(make_api: Make, trusted: ssl.SSLContext):
    heard = Heard()
    async with mail_server(
        abilities=WITH_STARTTLS, security="starttls", tls=trusted, heard=heard
    ) as settings:
        shown = await email(make_api, **settings)

    assert shown["status"] == "ok", shown
    assert "by STARTTLS" in shown["message"]
    assert heard.commands[:3] == ["EHLO", "STARTTLS", "EHLO"]


async def test_tls_from_the_first_byte(make_api: Make, trusted: ssl.SSLContext):
    async with mail_server(security="tls", tls=trusted) as settings:
        shown = await email(make_api, **settings)

    assert shown["status"] == "ok", shown
    assert "by TLS" in shown["message"]


async def test_a_certificate_of_a_stranger_is_said(make_api: Make):
    tls = certified(trustme.CA(), "localhost")
    async with mail_server(security="tls", tls=tls) as settings:
        shown = await email(make_api, **settings)

    assert shown["status"] == "down"
    assert "has a certificate that is not valid for it" in shown["message"]


@pytest.mark.parametrize(
    "how, said",
    [
        ({"security": "starttls"}, "offers no STARTTLS: check SMTP_PORT and SMTP_SECURITY"),
        ({"security": "tls"}, "does not speak TLS here: check SMTP_PORT and SMTP_SECURITY"),
        ({"greeting": b"554 go\x07 away"}, "refuses: 554 go away"),
        ({"abilities": [b"421 too busy"]}, "refuses: 421 too busy"),
    ],
)
async def test_what_is_wrong_is_said_with_what_to_do(
    make_api: Make, how: dict[str, Any], said: str
):
    security = how.pop("security", "none")
    async with mail_server(**how) as settings:
        shown = await email(make_api, **settings | {"smtp_security": security})

    assert shown == {"status": "down", "message": f"localhost:{settings['smtp_port']} {said}"}


async def test_silence_holds_nobody_up(make_api: Make):
    silence = asyncio.Event()

    async def stay_silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silence.wait()
        writer.close()

    async with await asyncio.start_server(stay_silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(3):
            shown = await email(make_api, smtp_server="127.0.0.1", smtp_port=port)
        silence.set()

    assert shown["status"] == "down"
    assert "did not answer within 1.5 s" in shown["message"]


async def test_a_closed_port_is_said(make_api: Make, unused_tcp_port: int):
    shown = await email(make_api, smtp_server="127.0.0.1", smtp_port=unused_tcp_port)

    assert shown["status"] == "down"
    assert "cannot be reached" in shown["message"]
    assert "check SMTP_SERVER and SMTP_PORT" in shown["message"]


async def test_without_settings_of_our_own_it_is_the_notifiers_server(
    make_api: Make, api: Api, admin: Connection
):
    unknown = await email(make_api)
    async with mail_server() as settings:
        await admin.execute(
            """insert into notifier.sending (smtp_server, smtp_port, smtp_security, with_login,
                                             email_sender, id_domain)
               values ($1, $2, $3, false, 'a@b.example', 'b.example')""",
            *settings.values(),
        )
        known = await email(make_api)

    assert unknown["status"] == "unknown"
    assert "start the notifier" in unknown["message"]
    assert known["status"] == "ok"
