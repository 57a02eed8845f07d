"""The page says what the interface describes, and the reader of the page reads it."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.interface.page import operations, rows
from tests.interface.shapes import answered, unseen, unwritten, written

ROOT = Path(__file__).resolve().parents[2]


def commands(heading: str) -> set[str]:
    return {name for row in rows(heading) for name in re.findall(r"`([^`]+)`", row[0])}


def test_every_operation_of_the_interface_stands_on_the_page_and_no_other(document: dict[str, Any]):
    described = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    page = {each.name for each in operations() if not each.path.startswith(("/u/", "/c/"))}
    assert page == {name for name in described if "/u/" not in name and "/c/" not in name}


def test_every_field_and_value_of_a_request_stands_on_the_page(document: dict[str, Any]):
    for each in operations():
        described = document["paths"].get(each.path, {}).get(each.method.lower(), {})
        query = {p["name"] for p in described.get("parameters", ()) if p["in"] == "query"}
        assert (each.name, each.query) == (each.name, query)
        body = described.get("requestBody", {}).get("content", {}).get("application/json", {})
        if not body:
            assert (each.name, each.fields) == (each.name, frozenset())
            continue
        schema = document["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        required = set(schema.get("required", ()))
        fields = {name if name in required else f"{name}?" for name in schema["properties"]}
        assert (each.name, each.fields) == (each.name, fields)


def test_every_status_of_an_operation_is_described(document: dict[str, Any]):
    missing = {
        f"{each.name} {status}"
        for each in operations()
        if each.path in document["paths"]
        for status in each.answers
        if str(status) not in document["paths"][each.path][each.method.lower()]["responses"]
    }
    assert missing == set()


def test_every_setting_of_the_page_is_a_setting_and_no_other_exists():
    known = set(
        re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )
    page = {
        n for row in rows("Setting") for cell in row for n in re.findall(r"`([A-Z0-9_]+)`", cell)
    }
    assert page == known


def test_every_command_of_the_page_is_a_target():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {name.removeprefix("make ") for name in commands("Command")} <= targets


@pytest.mark.parametrize(
    "text, paths",
    [
        ("{a, b}", {"a", "b"}),
        ("[{a:{b}}]", {"[].a", "[].a.b"}),
        ("{a:[{b}], c:{*:{d}}, e:{*}}", {"a", "a[].b", "c", "c.*", "c.*.d", "e", "e.*"}),
        ("{a?, b}", {"a?", "b"}),
    ],
)
def test_a_shape_is_read_as_its_paths(text: str, paths: set[str]):
    assert written(text) == paths


def test_what_came_is_compared_with_what_is_written():
    page = written("{a, b:[{c}], d:{*:{e}}}")
    came = list(answered({"a": 1, "b": [{"c": 2}], "d": {"x": {"e": 3, "f": 4}}, "g": None}))
    assert unwritten(came, page) == ["d.x.f", "g"]
    assert unseen(answered({"a": 1, "b": []}), page) == ["b[].c", "d", "d.*", "d.*.e"]
