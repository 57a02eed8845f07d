"""The publishers of sales files, in the order in which they are asked.

`FORMAT[@FROM-TO]=TEMPLATE`, blank-separated, for example
`geo-dvf@2018-2021=file:///srv/dvf/{year}/communes/{department}/{insee}.csv`. A template with
`{insee}` has a file for each commune, one with `{department}` a file for each department, one with
neither a file of the whole country.
"""

import re
from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Final

import msgspec

_ENTRY: Final = re.compile(
    r"(?P<format>[a-z0-9-]+)(?:@(?P<first>\d{4})-(?P<last>\d{4}))?=(?P<template>\S+)"
)
_FIELDS: Final = frozenset({"year", "department", "insee", "edition"})
_SCHEMES: Final = ("file:///", "http://", "https://")
_DATED: Final = re.compile(r"/(\d{4}-\d{2}|20\d{4}|latest)/")
_LATEST: Final = "latest"
_EDITED: Final = "raw-dvf"
# The archive of raw files keeps every delivery: the latest one that still held each year.
_EDITIONS: Final[Mapping[int, str]] = {
    2014: "201904",
    2015: "201904",
    2016: "202110",
    2017: "202204",
    2018: "202304",
    2019: "202404",
    2020: "202504",
}
_NEWEST_EDITION: Final = "202504"


class Source(msgspec.Struct, frozen=True):
    """A publisher: how its files are read, which years it serves, where they lie."""

    format: str
    template: str
    first_year: int = 0
    last_year: int = 9999

    def serves(self, year: int) -> bool:
        return self.first_year <= year <= self.last_year

    @property
    def is_by_commune(self) -> bool:
        """Whether each commune has a file of its own here."""
        return "{insee}" in self.template

    @property
    def is_national(self) -> bool:
        """Whether one file has the sales of all departments."""
        return not self.is_by_commune and "{department}" not in self.template

    @property
    def is_by_year(self) -> bool:
        """Whether each year has files of its own."""
        return "{year}" in self.template

    @property
    def is_immutable(self) -> bool:
        """Whether its files carry the name of their edition, and so never change."""
        return self.format == _EDITED and "{edition}" in self.template

    def edition(self, year: int) -> str:
        """The latest edition known to hold that year."""
        return _EDITIONS.get(year, _NEWEST_EDITION) if self.format == _EDITED else _LATEST

    def url(self, insee_code: str, year: int) -> str:
        return self._filled(department_of(insee_code), insee_code, year)

    def pattern(self, insee_code: str, year: int) -> str:
        """The files of all communes of the department, as a glob."""
        return self._filled(department_of(insee_code), "*", year)

    def year_folders(self, insee_code: str, year: int) -> list[str]:
        """Folders above the file that exist only if this publisher has that year, deepest first."""
        *folders, _file = self.template.split("/")
        dated = [end for end in range(1, len(folders) + 1) if "{year}" in folders[end - 1]]
        if not dated:
            return []
        return [
            Source(self.format, "/".join(folders[:end])).url(insee_code, year) + "/"
            for end in range(len(folders), dated[0] - 1, -1)
        ]

    def _filled(self, department: str, insee: str, year: int) -> str:
        return self.template.format(
            year=year, department=department, insee=insee, edition=self.edition(year)
        )


def department_of(insee_code: str) -> str:
    """`01`, `2A` or `974`: the folder under which publishers file a commune."""
    return insee_code[:3] if insee_code.startswith(("97", "98")) else insee_code[:2]


def is_department(code: str) -> bool:
    """Whether this is the code of a department, not of a commune."""
    return department_of(code) == code


def edition_in(url: str) -> str:
    """The vintage that a URL names (`2025-12`, `202404`, `latest`), or nothing."""
    found = _DATED.search(url)
    return found[1] if found else ""


def parse_sources(entries: Iterable[str], *, formats: Iterable[str]) -> tuple[Source, ...]:
    """The sources, or a `ValueError` that names every entry that is wrong."""
    known = tuple(formats)
    problems = [problem for entry in entries if (problem := _problem(entry, known))]
    if problems:
        raise ValueError("; ".join(problems))
    return tuple(_source(entry) for entry in entries)


def _source(entry: str) -> Source:
    found = _ENTRY.fullmatch(entry)
    if not found:
        raise ValueError(entry)
    years = (int(found["first"]), int(found["last"])) if found["first"] else (0, 9999)
    return Source(found["format"], found["template"], *years)


def _problem(entry: str, formats: tuple[str, ...]) -> str:
    found = _ENTRY.fullmatch(entry)
    if not found:
        return f"{entry!r} is not FORMAT[@FROM-TO]=TEMPLATE"
    if found["format"] not in formats:
        return f"{entry!r} has the unknown format {found['format']} (known: {', '.join(formats)})"
    if found["first"] and found["first"] > found["last"]:
        return f"{entry!r} ends before it begins"
    if not found["template"].startswith(_SCHEMES):
        return f"{entry!r} needs a URL that begins with file:///, http:// or https://"
    return _template_problem(entry, found["template"])


def _template_problem(entry: str, template: str) -> str:
    try:
        named = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError:
        return f"{entry!r} has unbalanced braces"
    unknown = sorted(named - _FIELDS)
    if unknown:
        return f"{entry!r} has the unknown field {{{unknown[0]}}}"
    try:
        Source("", template).url("2A004", 2019)
    except (ValueError, LookupError, AttributeError):
        return f"{entry!r} has a field that cannot be filled in"
    return ""
