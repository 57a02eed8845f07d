"""Numbers, dates and kinds as French and English readers expect them."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, lru_cache, partial
from typing import Any, Final, NamedTuple

NARROW: Final = "\N{NARROW NO-BREAK SPACE}"
WIDE: Final = "\N{NO-BREAK SPACE}"
LONGEST_NAME: Final = 25
WORDS_KEPT: Final = 1000


class Language(NamedTuple):
    """The words and marks of one language."""

    months: tuple[str, ...]
    kinds: Mapping[str, str]
    plans: Mapping[str, str]
    thousands: str
    decimal: str
    year: tuple[str, str]
    month: tuple[str, str]
    both: str
    steps: Mapping[str, str]
    jobs: Mapping[str, str]


FRENCH: Final = Language(
    months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
            "septembre", "octobre", "novembre", "décembre"),
    kinds={"house": "Maison", "apartment": "Appartement", "land": "Terrain",
           "commercial": "Local commercial", "other": "Autre bien"},
    plans={"decouverte": "Découverte", "pro": "Pro", "entreprise": "Entreprise"},
    thousands=NARROW, decimal=",", year=("an", "ans"), month=("mois", "mois"), both=" et ",
    steps={"scrape": "récolte des ventes", "assign": "choix des adresses", "mail": "envoi du message"},
    jobs={"scheduled": "livraison du mois", "process": "traitement à la demande",
          "add": "ajout d’adresses", "test": "essai"},
)  # fmt: skip

ENGLISH: Final = Language(
    months=("January", "February", "March", "April", "May", "June", "July", "August",
            "September", "October", "November", "December"),
    kinds={"house": "House", "apartment": "Flat", "land": "Land",
           "commercial": "Commercial premises", "other": "Other property"},
    plans={"decouverte": "Discovery", "pro": "Pro", "entreprise": "Enterprise"},
    thousands=",", decimal=".", year=("year", "years"), month=("month", "months"), both=" and ",
    steps={"scrape": "gathering of sales", "assign": "choice of addresses", "mail": "sending of the mail"},
    jobs={"scheduled": "delivery of the month", "process": "processing on request",
          "add": "addition of addresses", "test": "trial"},
)  # fmt: skip

LANGUAGES: Final[Mapping[str, Language]] = {"fr": FRENCH, "en": ENGLISH}


def number(language: Language, value: float) -> str:
    """`1 234 567` or `85,5`: at most one decimal, none when it is zero."""
    text = f"{value:,.1f}".removesuffix(".0")
    if language is ENGLISH:
        return text
    return text.replace(",", language.thousands).replace(".", language.decimal)


def price(language: Language, euros: float) -> str:
    """`1 234 567 €`, or `€1,234,567`."""
    amount = number(language, round(euros))
    return f"€{amount}" if language is ENGLISH else f"{amount}{WIDE}€"


def surface(language: Language, square_metres: float) -> str:
    """`85,5 m²`."""
    return f"{number(language, square_metres)}{WIDE}m²"


def day(language: Language, value: date) -> str:
    """`28 février 2027`, `1er mars 2027`."""
    return f"{short_day(language, value)} {value.year}"


def short_day(language: Language, value: date) -> str:
    """`28 février`, `1er mars`."""
    first = "er" if language is FRENCH and value.day == 1 else ""
    return f"{value.day}{first} {month_name(language, value)}"


def month_name(language: Language, value: date) -> str:
    """`novembre`."""
    return language.months[value.month - 1]


def age(language: Language, months: int) -> str:
    """`6 ans et 4 mois`."""
    years, rest = divmod(max(months, 0), 12)
    parts = [
        f"{count} {words[count > 1]}"
        for count, words in ((years, language.year), (rest, language.month))
        if count
    ]
    return language.both.join(parts) or f"0 {language.month[0]}"


def months_between(earlier: date, later: date) -> int:
    """Whole months from one day to another."""
    return (
        (later.year - earlier.year) * 12 + later.month - earlier.month - (later.day < earlier.day)
    )


def kind(language: Language, code: str) -> str:
    """`Maison`."""
    return language.kinds.get(code, language.kinds["other"])


def plan(language: Language, code: str) -> str:
    """`Découverte`."""
    return language.plans.get(code, code)


def step(language: Language, code: str) -> str:
    """`récolte des ventes`."""
    return language.steps.get(code, code)


def job(language: Language, code: str) -> str:
    """`livraison du mois`."""
    return language.jobs.get(code, code)


def shortened(text: str) -> str:
    """A name as a subject can bear it; no half of a joined emoji is left at its end."""
    return text[:LONGEST_NAME].rstrip(" \N{NO-BREAK SPACE}\N{ZERO WIDTH JOINER}")


# Controls, line separators and the marks that turn the direction of what follows.
_UNPRINTABLE: Final = dict.fromkeys(
    [*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, 0x2028, 0x2029,
     *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000)], " ",
)  # fmt: skip


def printable(text: str) -> str:
    """One line of text, whatever it was."""
    # The quick answer for nearly every text: the slow one is `translate`.
    return text.strip() if text.isprintable() else text.translate(_UNPRINTABLE).strip()


@cache
def filters(locale: str) -> dict[str, Callable[..., Any]]:
    """What templates of this language may call."""
    language = LANGUAGES[locale]
    of_language = (number, price, surface, day, short_day, month_name, age, kind, plan, step, job)
    bound = {each.__name__: _bound(each, language) for each in of_language}
    return {**bound, "shortened": shortened}


def _bound(function: Callable[..., str], language: Language) -> Callable[..., str]:
    """Remembers its words: both parts of a mail say the same, and many mails say much of it."""
    return lru_cache(WORDS_KEPT)(partial(function, language))
