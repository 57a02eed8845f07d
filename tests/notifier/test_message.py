"""Our cheap message is the message that the standard library would read."""

import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.errors import PermanentError
from services.notifier.mailer.message import Attachment, build, mailbox, unstructured

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\x00"))
LINE = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=300
)


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def lines(text: str) -> list[str]:
    return text.splitlines() or [""]


@settings(deadline=None)
@given(text=TEXT, html=TEXT, file=st.binary(max_size=300))
def test_parts_survive(text: str, html: str, file: bytes):
    raw = build(
        {"Subject": "x"},
        boundary="=_0",
        text_body=text,
        html_body=html,
        attachment=Attachment("a.csv", "text/csv", file),
    )
    message = read(raw)

    for subtype, written in (("plain", text), ("html", html)):
        part = message.get_body((subtype,))
        assert part is not None
        payload = cast("bytes", part.get_payload(decode=True)).decode()
        assert payload.replace("\r\n", "\n").split("\n")[:-1] == lines(written)
    [attached] = message.iter_attachments()
    assert attached.get_payload(decode=True) == file
    assert all(len(line) <= 78 for line in raw.split(b"\r\n"))
    assert raw.isascii()


@settings(deadline=None)
@given(subject=LINE)
def test_subjects_survive(subject: str):
    raw = b"Subject: " + unstructured(subject).encode() + b"\r\n\r\n"
    assert read(raw)["Subject"].split() == subject.split()


@settings(deadline=None)
@given(name=LINE)
def test_names_survive(name: str):
    raw = b"To: " + mailbox(name, "a@b.test").encode() + b"\r\n\r\n"
    [address] = read(raw)["To"].addresses
    assert address.addr_spec == "a@b.test"
    # Python 3.11 puts a space between the encoded words of a name, so spaces are not compared.
    assert "".join(address.display_name.split()) == "".join(name.split())


@pytest.mark.parametrize("bad", ["a\r\nBcc: x@y.z", "a\nb", "nul\x00", "line\u2028sep", "\x85"])
def test_control_characters_are_refused(bad: str):
    with pytest.raises(PermanentError):
        unstructured(bad)
    with pytest.raises(PermanentError):
        mailbox(bad, "a@b.test")


def test_a_message_of_ten_homes_is_cheap():
    text, page = "Une adresse à découvrir\n" * 80, "<td style='color:#000'>é</td>\n" * 300
    spent: list[float] = []
    for _ in range(50):
        began = time.thread_time()
        build({"Subject": "x"}, boundary="=_0", text_body=text, html_body=page)
        spent.append(time.thread_time() - began)
    assert sorted(spent)[5] < 0.0008
