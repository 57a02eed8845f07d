"""Less patience than a service has, so that a run need not wait for minutes."""

from functools import partial
from typing import Any

import msgspec

from services.notifier import main as notifier
from services.notifier.mailer.smtp import Server
from services.scraper import main as scraper
from services.scraper.archive import Archive
from services.scraper.archive.bounds import Bounds


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As an environment says them, in JSON."""

    smtp: dict[str, float] = {}
    """Of a conversation with the mail server: `other_seconds`, `data_seconds`."""
    site: dict[str, float] = {}
    """Of a publisher's files: `seconds`, `least_bytes`, `file_bytes`, `text_bytes`."""

    @property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()


def limit(text: str) -> None:
    """Have the services of this process construct what waits with these limits."""
    limits = msgspec.json.decode(text, type=Limits)
    bounds: dict[str, Any] = {
        name: seconds if name == "seconds" else int(seconds)
        for name, seconds in limits.site.items()
    }
    server: Any = partial(Server, **limits.smtp)
    archive: Any = partial(Archive, bounds=Bounds(**bounds))
    notifier.Server = server
    scraper.Archive = archive
