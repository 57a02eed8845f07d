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
    words = {**_read(COMMON), **_read(subject)} if subject != COMMON else _read(COMMON)
    if subject != COMMON and (both := _read(COMMON).keys() & _read(subject).keys()):
        raise WordingError(f"{subject}.toml repeats words of common.toml: {sorted(both)}")
    said = {word: meaning[locale] for word, meaning in words.items()}
    return replace(LANGUAGES[locale], words=said)


@cache
def _read(subject: str) -> Words:
    path = FOLDER / f"{subject}.toml"
    words: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    for word, meaning in words.items():
        if word in NOT_WORDS or not isinstance(meaning, dict) or meaning.keys() != BOTH:
            raise WordingError(f'{path.name}: {word} is not one line `{{ fr = "…", en = "…" }}`')
    return words
