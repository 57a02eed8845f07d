"""Mails to look at: what a draft lacks is invented, and the mail says so."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, get_args
from uuid import UUID

from msgspec.structs import replace

from services.notifier.domain.mail import Contact, Draft, Home, Job, Kind

SAMPLED: Final = frozenset(get_args(Kind)) - {"test"}
SAMPLE_CLIENT: Final = UUID(int=0)
SAMPLE_JOB: Final = UUID(int=1)
HOMES: Final = 5

_STREETS: Final = (
    "12 bis rue de la République",
    "3 place de l’Hôtel-de-Ville",
    "48 avenue des Tilleuls",
    "7 chemin du Moulin",
    "21 rue Victor-Hugo",
)
_ALERTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "insufficient": {
        "requested": 10,
        "found": 3,
        "cities": ["01053"],
        "tried": ["Communes : 01053", "Biens : maisons, appartements"],
    },
    "error": {
        "attempts": 4,
        "step": "scrape",
        "reason": "geo-dvf: https://sales.example.org/2019/01053.csv answers 503.",
    },
}


def is_sample_wanted(template_type: str) -> bool:
    """Whether such a mail tells facts that may have to be invented."""
    return template_type in SAMPLED


def sample(template_type: str, draft: Draft) -> Draft:
    """A draft of that kind of mail: what this one knows is kept, the rest is invented."""
    mail, contact = draft.mail, draft.contact or _contact(draft.today)
    return Draft(
        mail=replace(
            mail,
            kind=template_type,  # pyright: ignore[reportArgumentType] - one of SAMPLED
            client_id=mail.client_id or SAMPLE_CLIENT,
            job=mail.job or Job(id=SAMPLE_JOB, kind="scheduled", run=1, ladder=1),
            detail={**_detail(template_type, draft.today), **mail.detail},
        ),
        contact=contact,
        homes=_homes(template_type, draft),
        places=draft.places or ["Bourg-en-Bresse (01000)", "Hendaye (64700)"],
        today=draft.today,
        sample=True,
    )


def _detail(template_type: str, today: date) -> Mapping[str, Any]:
    if template_type == "monthly":
        return {"delivery_on": (today + timedelta(days=1)).isoformat()}
    return _ALERTS.get(template_type, {})


def _contact(today: date) -> Contact:
    return Contact(
        client_id=SAMPLE_CLIENT,
        first_name="Camille",
        last_name="Exemple",
        email="camille@example.org",
        company_name="Agence Exemple",
        locale="fr",
        status="active",
        subscription_type="pro",
        chosen_cities=("01053",),
        property_type_preferences=("house", "apartment"),
        send_day=15,
        addresses_per_report=HOMES,
        first_delivery_on=today + timedelta(days=14),
        suppressed=False,
    )


def _homes(template_type: str, draft: Draft) -> Sequence[Home]:
    if template_type != "notification":
        return ()
    return draft.homes or [
        _home(number, street, draft.today) for number, street in enumerate(_STREETS, 1)
    ]


def _home(number: int, street: str, today: date) -> Home:
    estimate = 190_000 + 27_000 * number
    return Home(
        position=number,
        address=street,
        postal_code="01000",
        city_name="Bourg-en-Bresse",
        kind="apartment" if number % 2 else "house",
        sold_on=today - timedelta(days=2400 + 47 * number),
        price_eur=estimate - 31_000,
        surface_m2=52.0 + 14 * number,
        rooms=2 + number // 2,
        source="geo-dvf",
        assigned_on=today,
        land_m2=None if number % 2 else 430.0,
        printed_address=f"{street}, 01000 Bourg-en-Bresse",
        estimate_eur=estimate,
        estimate_low_eur=estimate - 18_000,
        estimate_high_eur=estimate + 18_000,
        estimate_basis="commune",
        estimate_comparables=20 + 9 * number,
    )
