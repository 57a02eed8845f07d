"""What each kind of mail tells, as names for its templates."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from services.notifier.domain.cards import card
from services.notifier.domain.mail import Contact, Draft, Home
from services.notifier.domain.notes import advice, told
from services.notifier.domain.wording import printable
from services.notifier.mailer.links import Linked
from services.notifier.mailer.rendering import fragment

CARDS: Final = 50


def of_client(draft: Draft, locale: str, *, reply_address: str, linked: Linked) -> dict[str, Any]:
    """The names that the templates of a client's mail use."""
    return {
        "contact": _person(draft.contact),
        "sample": fragment("sample", locale) if draft.sample else "",
        "legal": (),
        "why": fragment("why", locale, reply_address=reply_address),
        "unsubscribing": fragment("unsubscribing", locale),
        "unsubscribe": fragment("unsubscribe", locale),
        "unsubscribe_url": linked.unsubscribe_url,
        **_told_to_client(draft, locale, reply_address, linked),
    }


def of_alert(draft: Draft, locale: str, *, public_base_url: str) -> dict[str, Any]:
    """The names that the templates of a mail to the CTO use."""
    detail, job = draft.mail.detail, draft.mail.job
    reason, step = printable(detail.get("reason", "")), detail.get("step", "")
    return {
        **{name: _clean(value) for name, value in detail.items()},
        "contact": _person(draft.contact),
        "sample": fragment("sample", locale) if draft.sample else "",
        "why": fragment("test" if draft.sample else "alert", locale),
        "tried": [told(locale, printable(note)) for note in detail.get("tried", ())],
        "reason": told(locale, reason),
        "advice": advice(locale, step, reason),
        "client_id": draft.mail.client_id,
        "job_id": job and job.id,
        "job_kind": job and job.kind,
        "cities": _cities(draft),
        "public_base_url": public_base_url,
    }


def of_test(locale: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """The names that the templates of the mail about the settings use."""
    shown = [(printable(name), printable(value)) for name, value in settings.items()]
    return {"sample": "", "why": fragment("test", locale), "settings": shown}


def _told_to_client(
    draft: Draft, locale: str, reply_address: str, linked: Linked
) -> dict[str, Any]:
    match draft.mail.kind:
        case "notification":
            return {
                **_notification(draft.homes, locale, reply_address),
                "page_url": linked.page_url,
            }
        case "monthly":
            delivery_on = date.fromisoformat(draft.mail.detail["delivery_on"])
            tomorrow = delivery_on == draft.today + timedelta(days=1)
            return {
                "delivery_on": delivery_on,
                "is_tomorrow": tomorrow,
                "cities": _cities(draft),
            }
        case _:
            return {"cities": _cities(draft)}


def _notification(homes: Sequence[Home], locale: str, reply_address: str) -> dict[str, Any]:
    assigned_on = homes[0].assigned_on
    prices = [home.price_eur for home in homes if home.price_eur is not None]
    legal = fragment(
        "legal",
        locale,
        sources=tuple({printable(home.source): None for home in homes}),
        assigned_on=assigned_on,
        reply_address=reply_address,
        estimated=any(home.estimate_eur is not None for home in homes),
    )
    return {
        "count": len(homes),
        "average_price": sum(prices) / len(prices) if prices else None,
        "assigned_on": assigned_on,
        "homes": [card(home, locale) for home in homes[:CARDS]],
        "others": max(0, len(homes) - CARDS),
        "legal": [line for line in legal.splitlines() if line],
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
        "plan": printable(contact.subscription_type),
        "addresses_per_report": contact.addresses_per_report,
        "first_delivery_on": contact.first_delivery_on,
        "send_day": contact.send_day,
    }
