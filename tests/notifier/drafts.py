"""Drafts of every kind of mail, without a database."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec

from services.notifier.domain.identity import mail_id, message_id
from services.notifier.domain.mail import Contact, Draft, Home, Job, Kind, Mail

TODAY = date(2026, 11, 21)
CLIENT = UUID("0192b7a0-0000-7000-8000-000000000001")
JOB = UUID("0192b7a0-0000-7000-8000-000000000002")

CONTACT = Contact(
    client_id=CLIENT,
    first_name="Hélène",
    last_name="Martin",
    email="helene@agence.test",
    company_name="Agence du Parc",
    locale="fr",
    status="active",
    subscription_type="decouverte",
    chosen_cities=("01053",),
    property_type_preferences=("house",),
    send_day=31,
    addresses_per_report=10,
    first_delivery_on=date(2027, 2, 28),
    suppressed=False,
)

TRIED = [
    "Ventes du 21/11/2018 au 21/11/2020 (6 à 8 ans)",
    "Communes : 01053, 64260",
    "Biens : maisons, appartements",
    "No source has 2019 for 01053.",
]
REASON = "01053: 2019: geo-dvf: https://files.test/2019/01053.csv answers 503 (also 2020)"

DETAILS: dict[str, dict[str, Any]] = {
    "notification": {},
    "welcome": {},
    "monthly": {"delivery_on": "2026-11-22"},
    "insufficient": {"requested": 10, "found": 3, "cities": ["01053"], "tried": TRIED},
    "error": {"attempts": 4, "step": "scrape", "reason": REASON},
}


def home(position: int = 1, **changes: Any) -> Home:
    usual = Home(
        position=position,
        address=f"{position} BIS RUE DE LA RÉPUBLIQUE",
        postal_code="01000",
        city_name="Bourg-en-Bresse",
        kind="house",
        sold_on=date(2020, 3, 1),
        price_eur=1_234_567,
        surface_m2=85.5,
        rooms=4,
        source="geo-dvf 2025-10",
        assigned_on=TODAY,
    )
    return msgspec.structs.replace(usual, **changes)


def draft(kind: Kind, *, homes: int | list[Home] = 3, detail: Any = None, **contact: Any) -> Draft:
    key = mail_id(kind, JOB, "")
    mail = Mail(
        id=key,
        kind=kind,
        subject_id=JOB,
        period="",
        message_id=message_id(key, "trackimmo.test"),
        client_id=CLIENT,
        job=Job(id=JOB, kind="process", run=1, ladder=1),
        detail=detail or DETAILS[kind],
        state="claimed",
        version=0,
        tries=0,
        fence=1,
        evidence="",
        next_try_at=None,
        created_at=datetime(2026, 11, 21, 8, tzinfo=UTC),
    )
    found = [home(n) for n in range(1, homes + 1)] if isinstance(homes, int) else homes
    return Draft(
        mail=mail,
        contact=msgspec.structs.replace(CONTACT, **contact),
        homes=found if kind == "notification" else [],
        places=["Bourg-en-Bresse (01000)", "Hendaye (64700)"],
        today=TODAY,
    )
