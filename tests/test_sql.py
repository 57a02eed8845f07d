"""Every SQL constant is prepared by the role that runs it, against the migrated schema."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import asyncpg
import pytest

import libs.common
import services
from tests.support.database import Database

STATEMENT = re.compile(
    r"\s*(--[^\n]*\n\s*)*(select|insert|update|delete|with|merge)\s", re.IGNORECASE
)
OWN_CLOCK = re.compile(
    r"\b(now\(\)|(clock|statement|transaction)_timestamp\(\)|current_(date|timestamp))",
    re.IGNORECASE,
)
ROLES = ("gateway", "scraper", "assigner", "notifier", "scheduler")


def modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith(("__main__", ".main")):
            yield importlib.import_module(found.name)


def statements(package: ModuleType) -> list[tuple[str, str]]:
    return [
        (f"{module.__name__}.{name}", value)
        for module in modules(package)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and STATEMENT.match(value)
    ]


@pytest.mark.parametrize("role", ROLES)
async def test_the_schema_knows_every_statement_of_a_service(database: Database, role: str) -> None:
    connection = await database.connect(role)
    own = statements(importlib.import_module(f"services.{role}"))
    wrong: list[str] = []
    for name, statement in [*own, *statements(libs.common)]:
        try:
            await connection.prepare(statement)
        except asyncpg.PostgresError as error:
            wrong.append(f"{name}: {error}")

    assert wrong == []


def test_the_statements_are_found() -> None:
    assert len(statements(libs.common)) >= 10
    assert all(statements(importlib.import_module(f"services.{role}")) for role in ROLES)


def test_only_our_clock_decides_what_is_due() -> None:
    everything = [*statements(libs.common), *statements(services)]

    assert [name for name, statement in everything if OWN_CLOCK.search(statement)] == []
