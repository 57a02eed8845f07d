"""A mail: asked for, claimed, written, handed over."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.notifier.domain.delivery import Decision, Reply, Verdict
from services.notifier.domain.identity import CLIENT_KINDS, OPTIONAL_KINDS, mail_id, message_id

Kind = Literal["notification", "insufficient", "error", "monthly", "welcome", "test"]
JobKind = Literal["scheduled", "process", "add", "test"]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The job that a mail belongs to, and the newest run that asked for it."""

    id: UUID
    kind: JobKind
    run: int
    ladder: int


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody wants this mail to exist; the same key asked again is the same mail."""

    kind: Kind
    subject_id: UUID
    client_id: UUID
    period: str = ""
    job: Job | None = None
    detail: Mapping[str, Any] = {}
    traceparent: str = ""

    @property
    def id(self) -> UUID:
        """The id of the mail."""
        return mail_id(self.kind, self.subject_id, self.period)

    def message_id(self, mail_domain: str) -> str:
        """The Message-ID of the mail."""
        return message_id(self.id, mail_domain)


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail as it stands."""

    id: UUID
    kind: Kind
    subject_id: UUID
    period: str
    message_id: str
    client_id: UUID | None
    job: Job | None
    detail: Mapping[str, Any]
    state: str
    version: int
    tries: int
    fence: int
    evidence: str
    next_try_at: datetime | None
    created_at: datetime
    """Or asked for anew. Its links are given at this instant: a mail written twice is the same, and
    one sent again much later still leads somewhere."""
    traceparent: str = ""
    """What asked for it last."""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail needs to know of a client."""

    client_id: UUID
    first_name: str
    last_name: str
    email: str
    company_name: str | None
    locale: str
    status: str
    subscription_type: str
    chosen_cities: Sequence[str]
    property_type_preferences: Sequence[str]
    send_day: int
    addresses_per_report: int
    first_delivery_on: date | None
    suppressed: bool


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """A home as it was delivered."""

    position: int
    home_key: str = ""
    address: str
    postal_code: str
    city_name: str
    kind: str
    sold_on: date
    price_eur: float | None
    surface_m2: float | None
    rooms: int | None
    source: str
    assigned_on: date
    land_m2: float | None = None
    printed_address: str | None = None
    """As an envelope bears it: `12 bis rue de la République, 01000 Bourg-en-Bresse`."""
    estimate_eur: int | None = None
    estimate_low_eur: int | None = None
    estimate_high_eur: int | None = None
    estimate_basis: str | None = None
    estimate_comparables: int | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the words of a mail are made of."""

    mail: Mail
    contact: Contact | None
    homes: Sequence[Home]
    places: Sequence[str]
    today: date
    withheld: int = 0
    """Homes of this delivery that are left out: whoever lives there has objected."""
    sample: bool = False
    """Whether its facts are invented, which the mail then says."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in words, ready for the server."""

    recipient: str
    subject: str
    headers: Mapping[str, str]
    text_body: str
    html_body: str
    raw: bytes


def objection(draft: Draft) -> Decision | None:
    """Why a claimed mail is not sent at all, if so."""
    mail, contact = draft.mail, draft.contact
    if mail.client_id and contact is None:
        return _without_trying(Verdict.SUPPRESSED, "the client is gone")
    if contact and contact.suppressed and mail.kind in OPTIONAL_KINDS:
        return _without_trying(Verdict.SUPPRESSED, "the client has unsubscribed")
    if mail.kind == "notification" and not draft.homes and draft.withheld:
        return _without_trying(Verdict.SUPPRESSED, "an opposition stands against every address")
    if mail.kind == "notification" and not draft.homes:
        return _without_trying(Verdict.FAILED, "the job has delivered no address")
    if mail.kind == "monthly":
        return _objection_to_notice(draft)
    return None


def _objection_to_notice(draft: Draft) -> Decision | None:
    if draft.contact and draft.contact.status != "active":
        return _without_trying(Verdict.SUPPRESSED, "the client is no longer active")
    if date.fromisoformat(draft.mail.detail["delivery_on"]) <= draft.today:
        return _without_trying(Verdict.FAILED, "too late: the day of the delivery has come")
    return None


def _without_trying(verdict: Verdict, why: str) -> Decision:
    return Decision(verdict, Reply("CLAIM", None, why))


def is_for_client(mail: Mail) -> bool:
    """Whether the client receives it; if not, the CTO does."""
    return mail.kind in CLIENT_KINDS
