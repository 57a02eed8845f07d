"""The rules that nobody should have to review."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = [
    p
    for folder in ("libs", "services", "deploy", "bench")
    for p in sorted((ROOT / folder).rglob("*.py"))
]
TESTS = sorted((ROOT / "tests").rglob("*.py"))

FILE_LINES = 250
BODY_LINES = 40
COMMON_CODE_LINES = 1200
TELEMETRY_CODE_LINES = 350


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def code_lines(path: Path) -> int:
    """Lines that hold code: no blank ones, no comments, no docstrings."""
    source = path.read_text()
    tree = ast.parse(source)
    prose = {n for node in ast.walk(tree) if _is_docstring(node) for n in _span(node)}
    full = {
        number
        for number, line in enumerate(source.splitlines(), 1)
        if line.strip() and not line.strip().startswith("#")
    }
    return len(full - prose)


def _is_docstring(node: Any) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _span(node: Any) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", CODE + TESTS, ids=named)
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES


@pytest.mark.parametrize("path", CODE + TESTS, ids=named)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    long = {f.name: (f.end_lineno or 0) - f.body[0].lineno + 1 for f in functions(path)}

    assert {name: lines for name, lines in long.items() if lines > BODY_LINES} == {}


@pytest.mark.parametrize(
    "library, most", [("common", COMMON_CODE_LINES), ("telemetry", TELEMETRY_CODE_LINES)]
)
def test_what_is_shared_stays_small(library: str, most: int) -> None:
    assert sum(code_lines(p) for p in CODE if p.is_relative_to(ROOT / "libs" / library)) <= most


def test_nothing_is_named_after_nothing() -> None:
    empty = re.compile(r"(^|_)(utils?|helpers?|managers?|misc)($|_)")

    assert [named(p) for p in CODE + TESTS if empty.search(p.stem)] == []


def test_every_setting_stands_in_the_example_and_nothing_else_does() -> None:
    example = set(
        re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )

    assert example == set(settings_fields())


def settings_fields() -> Iterator[str]:
    for path in [
        *(ROOT / "services").glob("*/settings.py"),
        ROOT / "libs" / "common" / "settings.py",
    ]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Settings"):
                for statement in node.body:
                    if isinstance(statement, ast.AnnAssign) and isinstance(
                        statement.target, ast.Name
                    ):
                        yield statement.target.id.upper()


def test_every_topic_stands_in_the_architecture() -> None:
    from libs.common.events import TOPICS  # noqa: PLC0415

    page = (ROOT / "docs" / "architecture.md").read_text()

    assert [topic for topic in TOPICS if f"`{topic}`" not in page] == []


def test_every_target_of_make_is_explained() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))

    assert targets == set(re.findall(r"^([a-z-]+):.*## .+$", text, re.MULTILINE))


def test_a_lock_names_no_host_and_every_package_has_its_hash() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        packages = re.findall(
            r"^[a-z0-9._-]+(?:\[[a-z,]+\])?==", text, re.MULTILINE | re.IGNORECASE
        )
        assert packages
        assert "://" not in text
        assert text.count("--hash=sha256:") >= len(packages)


def test_every_lint_exception_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    ignored = tomllib.loads(text)["tool"]["ruff"]["lint"]["ignore"]

    assert [rule for rule in ignored if not re.search(rf'"{rule}",\s*# \S', text)] == []
