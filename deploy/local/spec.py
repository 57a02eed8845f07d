"""What a stack consists of, as data: processes that stay, and steps that are done."""

import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec


class Process(msgspec.Struct, kw_only=True, frozen=True):
    """A command that runs until the stack stops, started again whenever it ends."""

    name: str
    command: Callable[[], Sequence[str]]
    environment: Mapping[str, str]
    directory: Path = Path()
    needs: tuple[str, ...] = ()
    ready: Callable[[int], bool] = lambda _: True
    """Asked with the process id until it says yes; who needs this waits for it."""
    stop_with: signal.Signals = signal.SIGTERM
    falls_with: tuple[str, ...] = ()
    """Stopped when one of these ends, which starts again only after that; then started afresh."""


class Step(msgspec.Struct, kw_only=True, frozen=True):
    """Something to do once what it needs is up, and again each time one of those came up again.

    It counts as up as long as what it needs is.
    """

    name: str
    needs: tuple[str, ...] = ()
    action: Callable[[], Awaitable[object]]


Table = Sequence[Process | Step]
Say = Callable[[str, str], None]
"""Tells the console something (second) about somebody (first)."""


def stopping_order(table: Table) -> Iterable[tuple[Process, ...]]:
    """The processes in waves: nobody is stopped before those who need them."""
    needed_by: dict[str, set[str]] = {row.name: set() for row in table}
    for row in table:
        for name in row.needs:
            needed_by[name].add(row.name)
    left = dict.fromkeys(needed_by)
    rows = {row.name: row for row in table}
    while left:
        wave = [name for name in left if not needed_by[name] & left.keys()]
        if not wave:
            raise ValueError(f"These need each other: {', '.join(left)}")
        for name in wave:
            del left[name]
        processes = tuple(row for row in map(rows.get, wave) if isinstance(row, Process))
        if processes:
            yield processes


class StepError(Exception):
    """A step could not be done; the text says why in one sentence."""
