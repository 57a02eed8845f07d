"""A mail that a bug of ours keeps from being read or written: shown, tried again, in nobody's way."""

import pytest

from tests.notifier.events import insufficient
from tests.notifier.mail_server import MailServer
from tests.notifier.stage import Stage


@pytest.mark.parametrize(
    "kind, detail, reply",
    [
        ("insufficient", {"cities": 5}, ("CLAIM", "TypeError")),
        ("monthly", {"delivery_on": "soon"}, ("COMPOSE", "ValueError")),
        ("monthly", {}, ("COMPOSE", "KeyError")),
    ],
)
async def test_it_holds_up_no_other(
    stage: Stage, server: MailServer, kind: str, detail: dict[str, object], reply: tuple[str, str]
):
    client_id = await stage.client()
    await stage.hear(insufficient(client_id))
    await stage.own.execute("update mail set kind = $1, detail = $2", kind, detail)
    await stage.hear(await stage.job(client_id))

    await stage.send()

    assert len(server.taken) == 1
    assert (await stage.mail())["state"] == "sent"
    broken = await stage.mail(kind)
    assert (broken["state"], broken["tries"]) == ("pending", 1)
    attempt = await stage.own.fetchrow(
        "select verb, reply from mail_attempt where mail_id = $1", broken["id"]
    )
    assert attempt is not None
    assert tuple(attempt) == reply
