"""Our signature under a mail (DKIM, RFC 6376), where we hold the domain's key."""

from typing import Final

import dkim
import msgspec

from libs.common.errors import PermanentError

RELAXED: Final = (b"relaxed", b"relaxed")
"""Servers on the way may fold headers and trim blanks."""

SIGNED: Final = (
    "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
    "Content-Language", "Auto-Submitted", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
    "Feedback-ID",
)  # fmt: skip


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """Signs finished mails. An RSA signature takes milliseconds: call it in a thread."""

    domain: str
    selector: str
    key: bytes

    def __call__(self, raw: bytes) -> bytes:
        """The mail with its signature on top; all of its headers that people see are covered."""
        head = raw.partition(b"\r\n\r\n")[0].lower()
        present = [
            name.encode() for name in SIGNED if b"\r\n%b:" % name.lower().encode() in b"\r\n" + head
        ]
        try:
            signature = dkim.sign(
                raw,
                self.selector.encode(),
                self.domain.encode(),
                self.key,
                canonicalize=RELAXED,
                include_headers=present,
                linesep=b"\r\n",
            )
        except dkim.DKIMException as error:
            raise PermanentError("the mail could not be signed") from error
        return signature + raw
