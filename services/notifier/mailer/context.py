"""What each kind of mail tells, as names for its templates."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from services.notifier.domain.mail import Contact, Draft, Home
from services.notifier.domain.wording import months_between, printable

CARDS: Final = 50


class Card(NamedTuple):
    """A home as templates see it; an attribute is found several times faster than a key."""

    address: str
    city: str
    kind: str
    surface_m2: float | None
    rooms: int | None
    price_eur: float
    sold_on: date
    age_months: int


def context(draft: Draft, *, reply_address: str, public_base_url: str) -> dict[str, Any]:
    """The names that the templates of this mail use."""
    common = {"reply_address": reply_address, "contact": _person(draft.contact)}
    match draft.mail.kind:
        case "notification":
            return {**common, **_notification(draft.homes)}
        case "monthly":
            delivery_on = date.fromisoformat(draft.mail.detail["delivery_on"])
            tomorrow = delivery_on == draft.today + timedelta(days=1)
            return {
                **common,
                "delivery_on": delivery_on,
                "is_tomorrow": tomorrow,
                "cities": _cities(draft),
            }
        case "welcome":
            return {**common, "cities": _cities(draft)}
        case _:
            return {**common, **_alert(draft), "public_base_url": public_base_url}


def _notification(homes: Sequence[Home]) -> dict[str, Any]:
    assigned_on = homes[0].assigned_on
    sources = {printable(home.source): None for home in homes}
    return {
        "count": len(homes),
        "average_price": sum(home.price_eur for home in homes) / len(homes),
        "assigned_on": assigned_on,
        "homes": [_card(home) for home in homes[:CARDS]],
        "others": max(0, len(homes) - CARDS),
        "sources": list(sources),
    }


def _card(home: Home) -> Card:
    return Card(
        address=printable(home.address),
        city=printable(f"{home.postal_code} {home.city_name}"),
        kind=home.kind,
        surface_m2=home.surface_m2,
        rooms=home.rooms,
        price_eur=home.price_eur,
        sold_on=home.sold_on,
        age_months=months_between(home.sold_on, home.assigned_on),
    )


def _alert(draft: Draft) -> dict[str, Any]:
    detail, job = draft.mail.detail, draft.mail.job
    told = {name: _clean(value) for name, value in detail.items()}
    return {
        **told,
        "client_id": draft.mail.client_id,
        "job_id": job and job.id,
        "job_kind": job and job.kind,
        "cities": _cities(draft),
    }


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    return [_clean(each) for each in value] if isinstance(value, list) else value


def _cities(draft: Draft) -> list[str]:
    return [printable(place) for place in draft.places]


def _person(contact: Contact | None) -> dict[str, Any]:
    if contact is None:
        return {}
    return {
        "first_name": printable(contact.first_name),
        "name": printable(f"{contact.first_name} {contact.last_name}"),
        "company_name": printable(contact.company_name or ""),
        "plan": contact.subscription_type,
        "addresses_per_report": contact.addresses_per_report,
        "first_delivery_on": contact.first_delivery_on,
        "send_day": contact.send_day,
    }
