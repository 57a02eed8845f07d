"""The links of a mail: what a person opens, and what a mail program does by itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from libs.links import sign


class Linked(NamedTuple):
    """Where a client's mail leads."""

    page_url: str
    unsubscribe_url: str


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Signs what the mails of this house link to."""

    base_url: str
    secret_key: str

    def of(self, client_id: UUID, issued_at: datetime) -> Linked:
        """The links of a client as a mail of that moment bears them: always the same."""
        page = sign(self.secret_key, "page", client_id, issued_at)
        unsubscribe = sign(self.secret_key, "unsubscribe", client_id, issued_at)
        return Linked(f"{self.base_url}/c/{page}", f"{self.base_url}/u/{unsubscribe}")


def list_headers(
    linked: Linked, *, sender: str, kind: str, issued_at: datetime
) -> Mapping[str, str]:
    """What tells mail programs how to unsubscribe, and postmasters what kind of mail it is."""
    domain = sender.rpartition("@")[2]
    return {
        "List-Unsubscribe": (
            f"<{linked.unsubscribe_url}>,\r\n <mailto:{sender}?subject=unsubscribe>"
        ),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"TrackImmo <adresses.{domain}>",
        "Feedback-ID": f"{issued_at:%Y-%m}:{kind}:{domain}:trackimmo",
    }
