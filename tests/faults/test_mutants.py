"""Every mutant changes what it says that it changes, or says so at once."""

import pkgutil
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.faults.mutants import MUTANTS, Mutant, MutationError
from tests.faults.mutants.mutant import Swap, text
from tests.faults.scenarios import SCENARIOS
from tests.support.database import Database

STATEMENT = re.compile(r"\s*(select|insert|update|delete|with)\s", re.IGNORECASE)
EACH = pytest.mark.parametrize("mutant", MUTANTS.values(), ids=lambda mutant: mutant.name)
SECRET = "what stands here"


@contextmanager
def applied(mutant: Mutant) -> Generator[None]:
    undo = [swap.apply() for swap in mutant.swaps]
    try:
        yield
    finally:
        for put_back in reversed(undo):
            put_back()


def found(swap: Swap) -> Any:
    module, _, path = swap.place.partition(":")
    holder, _, name = path.rpartition(".")
    return vars(pkgutil.resolve_name(f"{module}:{holder}" if holder else module))[name]


@EACH
def test_a_mutant_changes_what_it_names_and_nothing_for_good(mutant: Mutant) -> None:
    before = [found(swap) for swap in mutant.swaps]

    with applied(mutant):
        assert all(found(s) is not was for s, was in zip(mutant.swaps, before, strict=True))

    assert [found(swap) for swap in mutant.swaps] == before
    assert mutant.swaps or mutant.sql


@EACH
async def test_the_schema_of_a_mutant_knows_its_statements(
    database: Database, mutant: Mutant
) -> None:
    if mutant.sql:
        await (await database.connect()).execute(mutant.sql)
    with applied(mutant):
        for swap in mutant.swaps:
            said = found(swap)
            if isinstance(said, str) and STATEMENT.match(said):
                owner = swap.place.split(".")[1]
                role = (
                    owner
                    if owner in {"gateway", "scraper", "assigner", "notifier", "scheduler"}
                    else "gateway"
                )
                prepared = await (await database.connect(role)).prepare(said)
                assert prepared.get_query() == said


@EACH
def test_a_mutant_is_looked_for_where_it_can_be_seen(mutant: Mutant) -> None:
    assert mutant.scenario in SCENARIOS
    assert mutant.caught_by or mutant.because, "harmless, and nobody says why"
    assert not (mutant.caught_by and mutant.because)


def test_a_text_that_is_gone_is_an_error() -> None:
    swap = text(f"{__name__}:SECRET", ("what stood here", ""))

    with pytest.raises(MutationError, match="0 times"):
        swap.apply()


def test_a_place_that_is_gone_is_an_error() -> None:
    with pytest.raises(MutationError, match="is gone"):
        Swap(f"{__name__}:NOWHERE", str).apply()


def test_what_stays_as_it_is_is_an_error() -> None:
    with pytest.raises(MutationError, match="stays"):
        Swap(f"{__name__}:SECRET", str).apply()
