"""The post office fails where it was told to, and remembers what it has taken."""

import asyncio
import hashlib
import smtplib
import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import aiosmtplib
import pytest

from tests.faults.post import Deed, PostOffice, Verb

LETTER = b"Message-ID: <1@our.test>\r\nSubject: hello\r\n\r\n.dot\r\n..two\r\nend\r\n"
LOST = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPReadTimeoutError, ConnectionError)
WAIT_SECONDS = 0.3


@pytest.fixture
async def post() -> AsyncGenerator[PostOffice]:
    async with PostOffice(seed=5).running() as running:
        yield running


async def send(
    post: PostOffice,
    to: str = "a@b.test",
    *,
    seconds: float = 20,
    security: str = "none",
    pem: str = "",
) -> aiosmtplib.SMTPResponse:
    """What is answered to the final dot."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=post.port, start_tls=False, timeout=seconds)
    try:
        await client.connect()
        if security == "starttls":
            await client.starttls(tls_context=ssl.create_default_context(cafile=pem))
        await client.ehlo()
        if post.login:
            await client.auth_plain("us", "secret")
        await client.mail("us@our.test")
        await client.rcpt(to)
        said = await client.data(LETTER)
        await client.quit()
        return said
    finally:
        client.close()


async def test_what_is_taken_is_remembered_as_it_came(post: PostOffice):
    said = await send(post)

    [mail] = post.accepted
    assert said.code == 250
    assert (mail.message_id, mail.recipient, mail.answered) == ("<1@our.test>", "a@b.test", True)
    assert mail.sha256 == hashlib.sha256(LETTER).hexdigest()
    assert not mail.is_private


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT", "QUIT"])
@pytest.mark.parametrize("code", [421, 451, 550])
async def test_a_refusal_is_said_where_it_was_asked_for(post: PostOffice, verb: Verb, code: int):
    fault = post.on(verb, reply=f"{code} 4.7.1 no", times=1)

    with pytest.raises((aiosmtplib.SMTPResponseException, aiosmtplib.SMTPConnectError)) as caught:
        await send(post)

    assert str(code) in str(caught.value)
    assert fault.fired.is_set()
    assert len(post.accepted) == (verb == "QUIT")
    assert (await send(post)).code == 250


@pytest.mark.parametrize("does", ["drop", "stall"])
@pytest.mark.parametrize(
    "verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT", "DOT", "QUIT"]
)
async def test_a_server_may_leave_or_be_silent_at_any_verb(
    post: PostOffice, verb: Verb, does: Deed
):
    post.on(verb, does=does, times=1)

    with pytest.raises((*LOST, aiosmtplib.SMTPConnectError)):
        await send(post, seconds=WAIT_SECONDS)

    assert len(post.accepted) == (verb == "QUIT")
    assert (await send(post)).code == 250


@pytest.mark.parametrize("fate", ["store-then-drop", "store-then-stall"])
async def test_what_was_stored_counts_though_nobody_was_told(post: PostOffice, fate: Deed):
    post.on("DATA", after_dot=fate, times=1)

    with pytest.raises(LOST):
        await send(post, seconds=WAIT_SECONDS)

    [mail] = post.accepted
    assert not mail.answered


async def test_after_a_421_the_server_leaves(post: PostOffice):
    post.on("RCPT", reply="421 4.3.2 closing", times=1)
    reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
    writer.write(b"EHLO our.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nNOOP\r\n")

    assert (await reader.read()).endswith(b"421 4.3.2 closing\r\n")
    writer.close()


async def test_letter_by_letter_an_answer_takes_its_time(post: PostOffice):
    post.on("DOT", does="drip", drip_seconds=0.001, times=1)
    assert (await send(post)).code == 250
    assert post.accepted[0].answered

    post.on("DOT", does="drip", drip_seconds=1, times=1)
    with pytest.raises(LOST):
        await send(post, seconds=WAIT_SECONDS)
    assert not post.accepted[1].answered


async def test_a_fault_may_be_meant_for_one_recipient(post: PostOffice):
    post.on("RCPT", reply="550 5.1.1 nobody", to="c@d.test")

    assert (await send(post)).code == 250
    with pytest.raises(aiosmtplib.SMTPRecipientRefused):
        await send(post, "c@d.test")


async def refused(seed: int, order: list[int]) -> set[int]:
    async with PostOffice(seed).running() as post:
        post.on("DOT", reply="451 4.3.0 later", share=0.4)
        for number in order:
            try:
                await send(post, f"agent{number}@b.test")
            except aiosmtplib.SMTPDataError:
                continue
        return set(order) - {int(mail.recipient[5:].partition("@")[0]) for mail in post.accepted}


async def test_a_share_of_the_mails_is_chosen_by_the_seed_whatever_their_order():
    chosen = await refused(1, [*range(12)])

    assert 0 < len(chosen) < 12
    assert await refused(1, [*reversed(range(12))]) == chosen
    assert await refused(2, [*range(12)]) != chosen


async def test_with_tls_the_mail_comes_in_private(post: PostOffice, tmp_path: Path):
    told = post.certify(tmp_path)
    post.login = ("us", "secret")

    said = await send(post, security=told["SMTP_SECURITY"], pem=told["SSL_CERT_FILE"])

    assert said.code == 250
    assert post.accepted[0].is_private


@pytest.mark.parametrize(
    "verb, does", [("EHLO", "hide-starttls"), ("STARTTLS", "garble"), ("STARTTLS", "stranger")]
)
async def test_tls_may_fail_in_every_way(post: PostOffice, tmp_path: Path, verb: Verb, does: Deed):
    told = post.certify(tmp_path)
    post.on(verb, does=does)

    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await send(post, security="starttls", pem=told["SSL_CERT_FILE"])

    assert post.heard["MAIL"] == 0


async def test_a_wrong_password_is_refused(post: PostOffice):
    post.login = ("us", "other")
    with pytest.raises(aiosmtplib.SMTPAuthenticationError, match="535"):
        await send(post)


async def test_healing_cuts_off_who_waits_and_ends_all_faults(post: PostOffice):
    fault = post.on("DATA", after_dot="store-then-stall")
    waiting = asyncio.create_task(send(post))
    await fault.fired.wait()

    post.reset()

    with pytest.raises(LOST):
        await waiting
    assert (await send(post)).code == 250


async def test_another_client_is_understood_too(post: PostOffice):
    def by_smtplib() -> None:
        with smtplib.SMTP("127.0.0.1", post.port, timeout=20) as client:
            client.sendmail("us@our.test", ["a@b.test", "c@d.test"], LETTER)

    await asyncio.to_thread(by_smtplib)

    assert [mail.recipient for mail in post.accepted] == ["a@b.test", "c@d.test"]
    assert {mail.sha256 for mail in post.accepted} == {hashlib.sha256(LETTER).hexdigest()}
