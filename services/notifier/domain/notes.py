"""What other services say to operators, in the language of the mail that tells it.

Their sentences are known here by heart, in whichever language they were written. What is not known
is told as it is, and called a technical message, so that no mail mixes languages in its own words.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from services.notifier.domain.delivery import Cause, cause, heard

KINDS: Final = {
    "maisons": "houses",
    "appartements": "flats",
    "terrains": "land",
    "locaux professionnels": "commercial premises",
    "autres biens": "other properties",
}


class _Sentence(NamedTuple):
    known: re.Pattern[str]
    words: Mapping[str, str]


def _sentence(known: str, french: str, english: str) -> _Sentence:
    return _Sentence(re.compile(known), {"fr": french, "en": english})


_SENTENCES: Final = (
    _sentence(
        r"Ventes du (\S+) au (\S+) \((\d+) à (\d+) ans\)",
        "Ventes du {} au {} ({} à {} ans)",
        "Sales from {} to {} ({} to {} years ago)",
    ),
    _sentence(r"Communes : (.+)", "Communes : {}", "Communes: {}"),
    _sentence(r"Biens : (.+)", "Biens : {}", "Kinds: {}"),
    _sentence(
        r"No source has (\d{4}) for (.+)\.",
        "Aucune source n’a l’année {} pour {}.",
        "No source has {} for {}.",
    ),
    _sentence(
        r"Les ventes de la Moselle, du Bas-Rhin et du Haut-Rhin sont inscrites au livre foncier.*",
        "Les ventes de la Moselle, du Bas-Rhin et du Haut-Rhin sont inscrites au livre foncier :"
        " l’État ne les publie pas.",
        "Sales of the Moselle, Bas-Rhin and Haut-Rhin stand in the land register of Alsace-Moselle:"
        " the state does not publish them.",
    ),
    _sentence(
        r"L.État ne publie pas les ventes de ce territoire \((.+)\)\.",
        "L’État ne publie pas les ventes de ce territoire ({}).",
        "The state does not publish the sales of this territory ({}).",
    ),
    _sentence(
        r"(\S+: )?(https?://\S+|file://\S+) does not answer \((\w+)\)(.*)",
        "{1} ne répond pas ({2}){3}",
        "{1} does not answer ({2}){3}",
    ),
    _sentence(
        r"(\S+: )?(https?://\S+) answers (\d+)\.?(.*)", "{1} répond {2}{3}", "{1} answers {2}{3}"
    ),
    _sentence(
        r"Client (\S+) not found or inactive",
        "Le client {} est introuvable ou inactif.",
        "Client {} is not found, or inactive.",
    ),
    _sentence(
        r"Nothing was heard of the (\w+) step for (\d+) minutes, twice",
        "Étape « {} » : deux fois {} minutes sans nouvelles.",
        "Nothing was heard of the step “{}” for {} minutes, twice.",
    ),
    _sentence(r"The client is erased", "Le client a été effacé.", "The client is erased."),
    _sentence(
        r"No city is chosen\.", "Aucune ville n’est choisie.", "No city is chosen."
    ),
    _sentence(
        r"No kind of property is chosen\.",
        "Aucun type de bien n’est choisi.",
        "No kind of property is chosen.",
    ),
)  # fmt: skip

_PLACE_OR_YEAR: Final = re.compile(r"(\d[\dAB]\d{3}|\d{4}): (.+)")
_ALSO: Final = re.compile(r"(.+) \(also (\d{4}(?:, \d{4})*)\)")
_TOO: Final = {"fr": "aussi", "en": "also"}
_THEN: Final = {"fr": " ; ", "en": "; "}
_TECHNICAL: Final = {"fr": "message technique : « {} »", "en": "technical message: “{}”"}
_SPACED: Final = re.compile(r" (?=[:;!?»])|(?<=«) ")
"""Where French sets a space that no line may break."""
NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_COLON: Final = {"fr": " : ", "en": ": "}

_ADVICE: Final[Mapping[Cause, Mapping[str, str]]] = {
    Cause.RECIPIENT: {
        "fr": "Cette adresse de messagerie n’existe pas ou ne reçoit plus : demandez-en une autre au"
        " client, corrigez-la dans sa fiche, puis relancez.",
        "en": "This mail address does not exist or takes no mail any more: ask the client for another"
        " one, correct it in the client’s record, then start again.",
    },
    Cause.SIZE: {
        "fr": "Le message est trop lourd pour le serveur : livrez moins d’adresses à la fois.",
        "en": "The mail is too large for the server: deliver fewer addresses at once.",
    },
    Cause.POLICY: {
        "fr": "Le serveur refuse le contenu ou l’expéditeur : voyez SPF, DKIM, DMARC et les listes"
        " noires avant de relancer.",
        "en": "The server refuses the content or the sender: look at SPF, DKIM, DMARC and block lists"
        " before you start again.",
    },
}


def told(locale: str, note: str) -> str:
    """The sentence in this language, or as it is, marked as a technical message."""
    words = _known(locale, note) or _TECHNICAL[locale].format(note)
    return _SPACED.sub(NO_BREAK, words) if locale == "fr" else words


def advice(locale: str, step: str, reason: str) -> str:
    """What to do about a mail that was refused for good; empty where we know nothing better."""
    reply = heard(reason) if step == "mail" else None
    why = cause(reply) if reply else None
    words = _ADVICE[why][locale] if why and why in _ADVICE else ""
    return _SPACED.sub(NO_BREAK, words) if locale == "fr" else words


def _known(locale: str, note: str) -> str:
    several = note.split("; ")
    if len(several) > 1:
        known = [_known(locale, one) for one in several]
        return _THEN[locale].join(known) if all(known) else ""
    about = _PLACE_OR_YEAR.fullmatch(note)
    if about:
        rest = _known(locale, about[2])
        return f"{about[1]}{_COLON[locale]}{rest}" if rest else ""
    also = _ALSO.fullmatch(note)
    if also:
        rest = _known(locale, also[1])
        return f"{rest} ({_TOO[locale]} {also[2]})" if rest else ""
    for sentence in _SENTENCES:
        found = sentence.known.fullmatch(note)
        if found:
            return sentence.words[locale].format(*_parts(locale, found.groups("")))
    return ""


def _parts(locale: str, parts: Sequence[str]) -> list[str]:
    translate: Callable[[str], str] = _kinds if locale == "en" else str
    return [translate(part) for part in parts]


def _kinds(listed: str) -> str:
    """`maisons, terrains` in English; anything else is left as it is."""
    return ", ".join(KINDS.get(each, each) for each in listed.split(", "))
