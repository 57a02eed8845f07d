"""A dead letter as a person reads it: its bytes, what they say, and where that is no event of ours."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from libs.common.envelope import MAX_READ_BYTES, UnreadableError, read
from libs.common.events import EVENTS

MOST_BYTES: Final = 2_048
MOST_SIGNS: Final = 12_000
MOST_FIELDS: Final = 60
LONGEST_VALUE: Final = 200
PER_LINE: Final = 16
HIDDEN: Final = re.compile(
    r"[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
"""Signs that are not seen, or turn the text around: written as what they are."""


class Line(msgspec.Struct, frozen=True):
    """A line of the bytes: from where on, as numbers, as text."""

    offset: str
    numbers: str
    text: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the event as it should be, and as the message has it."""

    name: str
    expected: str
    """Nothing where the event has no such field."""
    given: str | None
    wrong: str
    """What msgspec says of the value; nothing where it fits."""
    is_missing: bool = False
    """Whether the event cannot do without it."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says."""

    lines: Sequence[Line]
    hidden_bytes: int
    """Bytes beyond those that are shown."""
    text: str | None
    """As it stands, where it is UTF-8."""
    pretty: str | None
    """As JSON, one field a line."""
    is_cut: bool
    """Whether text or JSON are shown up to a point only."""
    type: str
    is_known: bool
    complaints: Sequence[str]
    """Why it is no event of ours, and what is wrong with its value; nothing where it is one."""
    fields: Sequence[Field]


def reading(headers: Sequence[tuple[str, bytes]], raw: bytes | None, *, whole: int) -> Reading:
    """What there is to say of a message of `whole` bytes, of which `raw` are the first."""
    value = raw or b""
    event_type = dict(headers).get("ce_type", b"").decode("utf-8", "replace")
    text, pretty = _text(value), _pretty(value)
    return Reading(
        lines=_lines(value[:MOST_BYTES]),
        hidden_bytes=max(0, whole - MOST_BYTES),
        text=None if text is None else shown(text[:MOST_SIGNS]),
        pretty=None if pretty is None else shown(pretty[:MOST_SIGNS]),
        is_cut=whole > len(value) or len(pretty or text or "") > MOST_SIGNS,
        type=shown(event_type[:LONGEST_VALUE]),
        is_known=event_type in EVENTS,
        complaints=tuple(dict.fromkeys(_complaints(headers, raw, event_type, whole))),
        fields=_fields(event_type, value) if event_type in EVENTS else (),
    )


def shown(text: str) -> str:
    """A text of which every sign is seen."""
    return HIDDEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def _lines(value: bytes) -> Sequence[Line]:
    parts = ((start, value[start : start + PER_LINE]) for start in range(0, len(value), PER_LINE))
    return [Line(f"{start:06x}", part.hex(" "), _printable(part)) for start, part in parts]


def _printable(part: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in part)  # noqa: PLR2004 - ASCII


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError as error:  # the last sign may be cut in two
        is_cut_only = error.end == len(value) and error.reason == "unexpected end of data"
        return value[: error.start].decode() if is_cut_only and error.start else None


def _pretty(value: bytes) -> str | None:
    try:
        return msgspec.json.format(value, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _complaints(
    headers: Sequence[tuple[str, bytes]], raw: bytes | None, event_type: str, whole: int
) -> Iterator[str]:
    if whole > MAX_READ_BYTES:
        yield f"too large: {whole} bytes, at most {MAX_READ_BYTES} are read"
        return
    try:
        read(headers, raw)
    except UnreadableError as error:
        yield shown(str(error))
    if raw is None or event_type not in EVENTS:
        return
    try:
        msgspec.json.decode(raw, type=EVENTS[event_type])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield shown(f"{event_type}: {error}"[:500])


def _fields(event_type: str, value: bytes) -> Sequence[Field]:
    try:
        given: Any = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    if not isinstance(given, dict):
        return ()
    known = msgspec.structs.fields(EVENTS[event_type])
    names = {field.encode_name for field in known}
    strangers = [name for name in given if name not in names]
    return [
        *(_known(field, given) for field in known),
        *(Field(name=shown(name[:LONGEST_VALUE]), expected="", given=_short(given[name]), wrong="")
          for name in strangers[:MOST_FIELDS]),
    ]  # fmt: skip


def _known(field: msgspec.structs.FieldInfo, given: Mapping[str, Any]) -> Field:
    name = field.encode_name
    if name not in given:
        return Field(
            name=name, expected=_type(field.type), given=None, wrong="", is_missing=field.required
        )
    try:
        msgspec.convert(given[name], field.type)
        wrong = ""
    except (msgspec.ValidationError, RecursionError) as error:
        wrong = shown(str(error)[:LONGEST_VALUE])
    return Field(name=name, expected=_type(field.type), given=_short(given[name]), wrong=wrong)


def _type(expected: Any) -> str:
    name = getattr(expected, "__name__", "") if isinstance(expected, type) else str(expected)
    return name.replace("typing.", "").replace("uuid.", "").replace("datetime.", "")


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return shown(text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…")
