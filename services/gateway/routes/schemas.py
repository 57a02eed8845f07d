"""The schemas of bodies and answers: what their types say, and what their checks ask besides."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.typing import FieldDefinition

from services.gateway.routes.body import Body
from services.gateway.routes.problems import Problem
from services.gateway.routes.values import SCHEMAS

REFERENCE: Final = "#/components/schemas/{name}"


def schemas(handlers: Iterable[HTTPRouteHandler]) -> dict[str, Any]:
    """Of every body and answer, by msgspec: it knows what we refuse, and our words about it."""
    kinds = [kind for handler in handlers for field in _fields(handler) for kind in _structs(field)]
    _, components = msgspec.json.schema_components([*kinds, Problem], ref_template=REFERENCE)
    for kind in kinds:
        if issubclass(kind, Body):
            _tell_checks(kind, components[kind.__name__]["properties"])
            if kind.least_fields:
                components[kind.__name__]["minProperties"] = kind.least_fields
    return components


def _fields(handler: HTTPRouteHandler) -> Iterator[FieldDefinition]:
    yield handler.parsed_return_field
    if handler.parsed_data_field:
        yield handler.parsed_data_field


def _structs(field: FieldDefinition) -> Iterator[type[msgspec.Struct]]:
    """However deep: a list of them may come in a response."""
    if isinstance(field.annotation, type) and issubclass(field.annotation, msgspec.Struct):
        yield field.annotation
    for inner in field.inner_types:
        yield from _structs(inner)


def _tell_checks(kind: type[Body], properties: dict[str, Any]) -> None:
    for name, check in kind.checks.items():
        field = properties.get(name, {})
        for branch in field.get("anyOf", [field]):
            if branch.get("type") in {"string", "array"}:
                branch.update(SCHEMAS.get(check, {}))
