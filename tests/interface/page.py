"""`docs/behaviour.md` as the test reads it: its tables."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.interface.shapes import written

PAGE = Path(__file__).resolve().parents[2] / "docs/behaviour.md"
OPERATION = re.compile(r"(GET|POST|PATCH|PUT|DELETE) `(/[^`]*)`")
STATUS = re.compile(r"\b([2-5]\d\d)\b(?: `([\[{<].*?[\]}>])`(?=[^`]|$))?")


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the page."""

    method: str
    path: str
    fields: frozenset[str]
    query: frozenset[str]
    answers: dict[int, frozenset[str]]
    """By status, the paths of its JSON."""

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """The head and the rows of every table."""
    block: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            block.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif block:
            yield block[0], block[2:]
            block = []


def rows(first_heading: str) -> Iterator[list[str]]:
    """The rows of every table whose first column is called so."""
    for head, body in tables(PAGE.read_text()):
        if head[0] == first_heading:
            yield from body


def operations() -> list[Operation]:
    """Every documented operation."""
    objects = {name.strip("`<>"): shape.strip("`") for name, shape in rows("Object")}
    return [_operation(row, objects) for row in rows("Operation")]


def _operation(row: list[str], objects: dict[str, str]) -> Operation:
    named, sends, answers = row
    found = OPERATION.fullmatch(named)
    assert found, f"{named} is no operation"
    body = re.search(r"`(\{.*?\})`", sends)
    query = re.search(r"`\?([^`]*)`", sends)
    asked = re.split(r"[&]", query[1]) if query else []
    return Operation(
        method=found[1],
        path=found[2],
        fields=written(body[1], objects) if body else frozenset(),
        query=frozenset(name.partition("=")[0] for name in asked),
        answers={
            int(status): written(shape, objects) if shape else frozenset()
            for status, shape in STATUS.findall(answers)
        },
    )
