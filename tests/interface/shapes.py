"""The shape of an answer, as the page writes it and as it came: a set of paths.

`{total, cities:[{name}], steps:{*:{state}}}` is `total`, `cities`, `cities[].name`, `steps`, `steps.*.state`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

TOKEN = re.compile(r"\s*([{}\[\],:?]|[\w*]+)")
EXPECTED_AT_END = ""


def written(text: str, objects: Mapping[str, str] | None = None) -> frozenset[str]:
    """The paths of a shape; `<name>` stands for an object written elsewhere on the page.

    `...<name>` stands for its fields.
    """
    known = objects or {}
    while any(f"<{name}>" in text for name in known):
        for name, shape in known.items():
            text = text.replace(f"...<{name}>", shape[1:-1]).replace(f"<{name}>", shape)
    tokens = [found[1] for found in TOKEN.finditer(text)]
    paths: list[str] = []
    rest = _value(tokens, "", paths)
    assert rest == [], f"after the shape {text!r} comes {rest}"
    return frozenset(paths)


def _value(tokens: list[str], at: str, paths: list[str]) -> list[str]:
    match tokens[0] if tokens else EXPECTED_AT_END:
        case "{":
            return _fields(tokens[1:], at, paths)
        case "[":
            rest = _value(tokens[1:], f"{at}[]", paths)
            assert rest[0] == "]", rest
            return rest[1:]
        case _:
            return tokens


def _fields(tokens: list[str], at: str, paths: list[str]) -> list[str]:
    while tokens[0] != "}":
        name, tokens = tokens[0], tokens[1:]
        path = f"{at}.{name}" if at else name
        paths.append(path)
        if tokens[0] == "?":
            paths[-1] += "?"
            tokens = tokens[1:]
        if tokens[0] == ":":
            tokens = _value(tokens[1:], path, paths)
        if tokens[0] == ",":
            tokens = tokens[1:]
    return tokens[1:]


def answered(value: Any, at: str = "") -> Iterator[str]:
    """The paths of a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            path = f"{at}.{name}" if at else str(name)
            yield path
            yield from answered(inner, path)
    elif isinstance(value, list):
        for inner in value:
            yield from answered(inner, f"{at}[]")


def unwritten(came: Iterable[str], page: Iterable[str]) -> list[str]:
    """Paths that came and stand nowhere on the page."""
    known = [_pattern(path) for path in page]
    return sorted({path for path in came if not any(one.fullmatch(path) for one in known)})


def unseen(came: Iterable[str], page: Iterable[str]) -> list[str]:
    """Paths of the page that never came."""
    seen = list(came)
    return sorted(path for path in page if not any(map(_pattern(path).fullmatch, seen)))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\*", r"[^.\[]+"))
