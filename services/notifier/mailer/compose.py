"""From the facts of a mail to the bytes that a server takes."""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.notifier.domain.mail import Draft, Letter, is_for_client
from services.notifier.domain.wording import LANGUAGES, printable
from services.notifier.mailer import context, export, message
from services.notifier.mailer.links import Links, list_headers
from services.notifier.mailer.rendering import render
from services.notifier.mailer.samples import is_sample_wanted, sample

NOBODY: UUID = UUID(int=0)
"""Whose links a sample bears: they are signed, and lead to no client."""


class _Told(NamedTuple):
    """The names for the templates of a mail, and the headers that belong to its kind."""

    names: dict[str, Any]
    headers: Mapping[str, str]


class Composer(msgspec.Struct, frozen=True, kw_only=True):
    """Writes mails; the same draft always makes the same letter, but for the date."""

    sender_name: str
    sender_address: str
    alert_address: str
    public_base_url: str
    secret_key: str
    now: Callable[[], datetime]
    alert_locale: str = "fr"
    settings: Mapping[str, str] = {}
    """What the test mail shows: the settings in use, without secrets."""

    def __call__(self, draft: Draft) -> Letter:
        """The letter of a draft; `PermanentError` when its recipient cannot be written to."""
        name, address = self._recipient(draft)
        if draft.mail.kind == "test":
            return self._test(draft, address)
        return self._letter(draft, draft.mail.kind, name, address)

    def _test(self, draft: Draft, address: str) -> Letter:
        """A mail of the wanted kind to whoever asked for it, its facts invented."""
        wanted = draft.mail.detail["template_type"]
        sampled = sample(wanted, draft) if is_sample_wanted(wanted) else draft
        return self._letter(sampled, wanted, "", address)

    def _letter(self, draft: Draft, kind: str, name: str, address: str) -> Letter:
        locale = self._locale(draft)
        told = self._told(draft, kind, locale)
        words = render(kind, locale, told.names)
        headers = {
            "From": message.mailbox(self.sender_name, self.sender_address),
            "To": message.mailbox(name, address),
            "Subject": message.unstructured(words.subject),
            "Date": format_datetime(self.now()),
            "Message-ID": draft.mail.message_id,
            "Auto-Submitted": "auto-generated",
            "Content-Language": locale,
            **told.headers,
        }
        many = len(draft.homes) > context.CARDS
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

    def _told(self, draft: Draft, kind: str, locale: str) -> _Told:
        if kind == "config":
            return _Told(context.of_test(locale, self.settings), {})
        if not is_for_client(draft.mail):
            names = context.of_alert(draft, locale, public_base_url=self.public_base_url)
            return _Told(names, {})
        links = Links(base_url=self.public_base_url, secret_key=self.secret_key)
        issued_at = draft.mail.created_at
        client_id = NOBODY if draft.sample else draft.mail.client_id
        linked = links.of(client_id or NOBODY, issued_at)
        names = context.of_client(draft, locale, reply_address=self.sender_address, linked=linked)
        headers = list_headers(linked, sender=self.sender_address, kind=kind, issued_at=issued_at)
        return _Told(names, headers)

    def _locale(self, draft: Draft) -> str:
        """What whoever asked for a look wants, else the client's language, else our own."""
        to_client = draft.contact is not None and is_for_client(draft.mail)
        usual = draft.contact.locale if draft.contact and to_client else self.alert_locale
        chosen = draft.mail.detail.get("locale", usual)
        return chosen if chosen in LANGUAGES else "fr"

    def _recipient(self, draft: Draft) -> tuple[str, str]:
        contact = draft.contact
        if draft.mail.kind == "test":
            return "", draft.mail.detail["recipient"]
        if contact is None or not is_for_client(draft.mail):
            return "", self.alert_address
        return printable(f"{contact.first_name} {contact.last_name}")[:100], contact.email
