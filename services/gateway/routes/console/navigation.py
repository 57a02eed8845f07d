"""The pages that every page leads to."""

from typing import Final

import msgspec

ROOT: Final = "/console"
PAGES: Final = (
    ("page_overview", ROOT),
    ("page_jobs", f"{ROOT}/jobs"),
    ("page_clients", f"{ROOT}/clients"),
    ("page_mails", f"{ROOT}/mails"),
    ("page_dead_letters", f"{ROOT}/dead-letters"),
    ("page_topics", f"{ROOT}/topics"),
    ("page_schedule", f"{ROOT}/schedule"),
    ("page_cities", f"{ROOT}/cities"),
    ("page_imports", f"{ROOT}/imports"),
    ("page_settings", f"{ROOT}/settings"),
    ("page_keys", f"{ROOT}/keys"),
    ("page_audit", f"{ROOT}/audit"),
)
"""Word and address, in the order of the navigation."""


class Entry(msgspec.Struct, frozen=True):
    """A link of the navigation."""

    word: str
    path: str
    current: str
    """As `aria-current` says it: `page`, `true` for a page below, or nothing."""


def entries(path: str) -> list[Entry]:
    """The links, the one marked under which a path lies."""
    return [Entry(word, target, _current(path, target)) for word, target in PAGES]


def _current(path: str, target: str) -> str:
    if path.rstrip("/") == target:
        return "page"
    return "true" if target != ROOT and path.startswith(f"{target}/") else ""
