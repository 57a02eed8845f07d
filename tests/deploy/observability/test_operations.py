"""Whoever is called finds on the page what the system says, and nothing that it does not say."""

import re
from pathlib import Path

import pytest

from services.gateway.routes import checks
from tests.deploy.containers.dockerfile import ROOT
from tests.interface.page import tables

PAGE = ROOT / "docs" / "operations.md"
SAID = re.compile(r'\blog(?:ger)?\.(critical|error|exception|warning|info|debug)\(\s*"(\w+)"')
CALLS = frozenset({"critical", "error", "exception"})


def said() -> list[tuple[str, str]]:
    """(level, line) of whatever a service may log."""
    files = [path for top in ("libs", "services") for path in (ROOT / top).rglob("*.py")]
    return [found for path in files for found in SAID.findall(path.read_text())]


def rows(heading: str) -> list[list[str]]:
    [body] = [body for head, body in tables(PAGE.read_text()) if head[0] == heading]
    return body


def words(text: str) -> set[str]:
    """What stands in backticks; commands to copy have a block of their own."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([^`]+)`", prose))


def test_every_part_of_health_is_explained_and_no_other() -> None:
    told = {name for row in rows("Component") for name in words(row[0])}

    assert told == {"database", "email", "kafka", *checks.SERVICES, *checks.WORKING}


def test_every_line_that_calls_somebody_is_explained() -> None:
    page = words(PAGE.read_text())

    assert {line for level, line in said() if level in CALLS} - page == set()


def test_every_line_of_the_page_is_one_that_is_logged() -> None:
    lines = {line for _, line in said()}
    told = re.findall(r"log ((?:`\w+`(?:, | and )?)+)", PAGE.read_text())

    assert {name for each in told for name in words(each)} - lines == set()


def test_what_refers_to_an_alarm_names_one() -> None:
    alarms = {name for row in rows("Alarm") for name in words(row[0])}
    referred = {
        name
        for row in [*rows("Component"), *rows("Sign"), *rows("Alarm")]
        for cell in row[1:]
        for name in re.findall(r"`([A-Z][a-z]+[A-Z][A-Za-z]+)`", cell)
    }

    assert referred <= alarms


@pytest.mark.parametrize("heading", ["Component", "Sign", "Alarm"])
def test_no_cell_is_left_out(heading: str) -> None:
    assert all(all(row) for row in rows(heading))
    assert len({len(row) for row in rows(heading)}) == 1


def test_the_page_is_here() -> None:
    assert Path(PAGE).is_file()
    assert len(said()) > len(CALLS)
