"""The words of a subject: one file for each, one line for each word, both languages in it."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from services.gateway.pages.wording.language import LANGUAGES, Language, Locale

FOLDER: Final = Path(__file__).resolve().parents[1] / "words"
COMMON: Final = "common"
BOTH: Final = frozenset(LANGUAGES)
NOT_WORDS: Final = frozenset(name for name in dir(dict) if not name.startswith("_"))
"""A template that says `words.keys` would get the method of a dictionary."""

Words = Mapping[str, Mapping[str, str]]


class WordingError(Exception):
    """A file of words that cannot be used, and why."""


@cache
def spoken(locale: Locale, subject: str) -> Language:
    """How a language says what a subject and every page need."""
    shared, own = read(COMMON), read(subject)
    if subject != COMMON and (both := shared.keys() & own.keys()):
        raise WordingError(f"{subject}.toml repeats words of common.toml: {sorted(both)}")
    said = {word: meaning[locale] for word, meaning in {**shared, **own}.items()}
    return replace(LANGUAGES[locale], words=said)


@cache
def read(subject: str) -> Words:
    """The words of one file."""
    path = FOLDER / f"{subject}.toml"
    return checked(subject, tomllib.loads(path.read_text(encoding="utf-8")))


def checked(subject: str, words: Mapping[str, Any]) -> Words:
    """The words, if each is one line with both languages."""
    for word, meaning in words.items():
        if word in NOT_WORDS or not isinstance(meaning, dict) or meaning.keys() != BOTH:
            raise WordingError(f'{subject}.toml: {word} is not one line `{{ fr = "…", en = "…" }}`')
    return words
