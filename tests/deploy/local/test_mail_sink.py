import smtplib
import sys
from collections.abc import Generator
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path

import psutil
import pytest

from deploy.local import child, mail_sink, ports
from tests.deploy.local.patience import eventually


@pytest.fixture
def sink(tmp_path: Path) -> Generator[tuple[int, Path]]:
    port, folder = ports.free_port(), tmp_path / "mail"
    arguments = ("-m", "deploy.local.mail_sink", str(port), str(folder))
    process = psutil.Popen(child.command_line(sys.executable, *arguments))
    try:
        eventually(lambda: ports.answers(port))
        yield port, folder
    finally:
        process.kill()
        process.wait()


def _message() -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = "trackimmo@trackimmo.test"
    message["To"] = "agent@agence.test"
    message["Subject"] = "Vos adresses à Bâgé"
    message.set_content("Élégante maison\n.\n..fin\n")
    return message


def test_a_mail_is_filed_as_it_was_for_each_recipient(sink: tuple[int, Path]) -> None:
    port, folder = sink
    recipients = ["agent@agence.test", "../../etc/pass wd@agence.test"]
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("trackimmo@trackimmo.test", recipients, _message().as_bytes())
    filed = sorted(folder.iterdir())
    assert len(filed) == 2
    assert all(path.suffix == ".eml" for path in filed)
    assert any("-agent@agence.test-" in path.name for path in filed)
    assert {path.read_bytes() for path in filed} == {_message().as_bytes()}


def test_only_loopback_is_listened_on(sink: tuple[int, Path]) -> None:
    port, _ = sink
    addresses = [tuple(c.laddr) for c in psutil.net_connections("tcp")]
    listening = {host for host, at in addresses if at == port}
    assert listening == {"127.0.0.1"}


def test_the_same_mail_twice_is_two_files(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    first = mail_sink.file(tmp_path, "a@b.test", b"one", moment)
    second = mail_sink.file(tmp_path, "a@b.test", b"two", moment)
    assert first != second
    assert first.name.startswith("20261121T000000.000000Z-a@b.test-")
