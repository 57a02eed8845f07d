"""From the facts of a mail to the bytes that a server takes."""

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime

import msgspec

from services.notifier.domain.mail import Draft, Letter, is_for_client
from services.notifier.domain.wording import LANGUAGES, printable
from services.notifier.mailer import export, message
from services.notifier.mailer.context import CARDS, context
from services.notifier.mailer.rendering import render


class Composer(msgspec.Struct, frozen=True, kw_only=True):
    """Writes mails; the same draft always makes the same letter, but for the date."""

    sender_name: str
    sender_address: str
    alert_address: str
    public_base_url: str
    now: Callable[[], datetime]

    def __call__(self, draft: Draft) -> Letter:
        """The letter of a draft; `PermanentError` when its recipient cannot be written to."""
        locale = self._locale(draft)
        names = context(
            draft, reply_address=self.sender_address, public_base_url=self.public_base_url
        )
        words = render(draft.mail.kind, locale, names)
        name, address = self._recipient(draft)
        headers = {
            "From": message.mailbox(self.sender_name, self.sender_address),
            "To": message.mailbox(name, address),
            "Subject": message.unstructured(words.subject),
            "Date": format_datetime(self.now()),
            "Message-ID": draft.mail.message_id,
            "Auto-Submitted": "auto-generated",
            "Content-Language": locale,
        }
        many = len(draft.homes) > CARDS
        raw = message.build(
            headers,
            boundary=f"=_{draft.mail.id.hex}",
            text_body=words.text_body,
            html_body=words.html_body,
            attachment=export.attachment(draft.homes, locale) if many else None,
        )
        return Letter(
            recipient=message.envelope_address(address), headers=headers, raw=raw, **words._asdict()
        )

    def _locale(self, draft: Draft) -> str:
        chosen = draft.contact.locale if draft.contact and is_for_client(draft.mail) else "fr"
        return chosen if chosen in LANGUAGES else "fr"

    def _recipient(self, draft: Draft) -> tuple[str, str]:
        contact = draft.contact
        if contact is None or not is_for_client(draft.mail):
            return "", self.alert_address
        return printable(f"{contact.first_name} {contact.last_name}")[:100], contact.email
