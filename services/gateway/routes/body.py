"""Bodies of requests: JSON objects read field by field, so that every fault is named at once."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from operator import is_
from typing import Any, ClassVar, Final, TypeVar

import msgspec
from litestar import Request

from services.gateway.routes.problems import Fault, Refusal, invalid

B = TypeVar("B", bound="Body")
Check = Callable[[Any], str | None]
"""What is wrong with a value, as a sentence; None when nothing is."""

LONGEST_DETAIL: Final = 200
MOST_UNKNOWN: Final = 50
"""Unknown fields that a refusal names: it is not to be larger than what it refuses."""
STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request says. `checks` are the rules of a field that its type cannot say."""

    checks: ClassVar[Mapping[str, Check]] = {}
    least_fields: ClassVar[int] = 0
    """So many must be named, whichever they are."""


class StrictRequest(Request[Any, Any, Any]):
    """A request whose declared `data` is read by our rules instead of Litestar's."""

    async def body(self) -> bytes:
        """The bytes of the body, if its media type is JSON."""
        media_type = self.content_type[0]
        if self.route_handler.parsed_data_field and media_type not in {"", "application/json"}:
            raise Refusal(415, f"Send application/json, not {media_type[:100]}")
        return await super().body() or b" "  # an empty body is no JSON either, and not "no data"

    async def json(self) -> Any:
        """The body as the struct that the handler declares."""
        field = self.route_handler.parsed_data_field
        return read(await self.body(), field.annotation) if field else await super().json()


def read(raw: bytes, kind: type[B]) -> B:
    """The body as a struct, or a refusal that names every fault."""
    try:
        given = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(raw) from error
    if not isinstance(given, dict):
        raise invalid(Fault(pointer="", detail="Expected an object"))
    if len(given) < kind.least_fields:
        raise invalid(Fault(pointer="", detail="Name at least one field"))
    values: dict[str, Any] = {}
    faults = [*_read_fields(given, kind, values), *_unknown_fields(given, kind)]
    if faults:
        raise invalid(*faults)
    return kind(**values)


def _unreadable(raw: bytes) -> Refusal:
    """JSON it may be all the same, with a value that nobody can keep: then it is no 400."""
    try:
        json.loads(raw.decode(), parse_int=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return Refusal(400, "The body is not JSON")
    detail = "Holds a number out of range, or half a character (a lone surrogate)"
    return invalid(Fault(pointer="", detail=detail))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@cache
def _fields(kind: type[Body]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _read_fields(
    given: dict[str, Any], kind: type[Body], values: dict[str, Any]
) -> Iterator[Fault]:
    for field in _fields(kind):
        if field.encode_name not in given:
            if field.required:
                yield Fault(pointer=pointer(field.encode_name), detail="is required")
            continue
        try:
            value = _convert(given[field.encode_name], field.type)
        except msgspec.ValidationError as error:
            yield _fault(field.encode_name, str(error))
            continue
        check = kind.checks.get(field.name)
        if check and (wrong := check(value)):
            yield Fault(pointer=pointer(field.encode_name), detail=wrong)
        values[field.name] = value


def _convert(value: Any, kind: Any) -> Any:
    """The value as its field wants it; 5.0 is a whole number, in JSON as in a schema."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        whole = _whole(value)
        if whole is value:
            raise
        return msgspec.convert(whole, kind)


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        entries = [_whole(entry) for entry in value]
        return value if all(map(is_, entries, value)) else entries
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _unknown_fields(given: dict[str, Any], kind: type[Body]) -> Iterator[Fault]:
    known = {field.encode_name for field in _fields(kind)}
    for name in islice((name for name in given if name not in known), MOST_UNKNOWN):
        yield Fault(pointer=pointer(name[:100]), detail="is not a field of this request")


def _fault(name: str, message: str) -> Fault:
    detail, _, path = message.partition(" - at `$")
    steps = [found[1] or found[2] for found in STEP.finditer(path)]
    return Fault(pointer=pointer(name, *steps), detail=detail.replace("`", "")[:LONGEST_DETAIL])


def pointer(*steps: str) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
