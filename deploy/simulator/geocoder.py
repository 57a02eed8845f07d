"""The Géoplateforme's `POST /geocodage/search/csv`: the table that was sent, with answers beside it.

Every address of a well-formed commune is known, a few metres from the point that was given as a
preference, or around the town's centre; what else would be said of a few of them follows from a
hash of the line. `/faults/{name}/` before the path is a service in trouble (see `FAULTS`).
"""

import csv
import hashlib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes
from email.message import Message
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from deploy.simulator.page import CSV, HTML, TEXT, Page
from deploy.simulator.towns import TOWNS

PATH: Final = re.compile(r"(?:/faults/(?P<fault>[^/]+))?/geocodage/search/csv/?")
SLOW_SECONDS: Final = 30.0
RETRY_AFTER_SECONDS: Final = 5
_RESULTS: Final = (
    "longitude",
    "latitude",
    "result_score",
    "result_score_next",
    "result_label",
    "result_type",
    "result_id",
    "result_housenumber",
    "result_name",
    "result_street",
    "result_postcode",
    "result_city",
    "result_context",
    "result_citycode",
    "result_oldcitycode",
    "result_oldcity",
    "result_district",
    "result_status",
)
_CODE: Final = re.compile(r"[0-9][0-9AB][0-9]{3}")
_DOOR: Final = re.compile(r"(?P<number>\d+) (?:(?P<suffix>bis|ter|quater|[A-Z]) )?(?P<street>.+)")
_METRE: Final = 1 / 111_320  # in degrees
_STREET_ONLY: Final = 3  # of a hundred: the number is not known
_DOUBTFUL: Final = 5
_UNKNOWN: Final = 6

Row = dict[str, str]


def geocoded(target: str, content_type: str, body: bytes) -> Page | None:
    """The answer to a table sent to that path; nothing where another service is."""
    path = target.partition("?")[0]
    found = PATH.fullmatch(path)
    if not found or (found["fault"] and found["fault"] not in FAULTS):
        return None
    fields, content = _form(content_type, body)
    if content is None:
        return Page(
            b'{"code":400,"message":"A CSV file must be provided in data field"}', TEXT, 400
        )
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    wanted = fields.get("result_columns") or list(_RESULTS)
    answered = [{**row, **_picked(_answer(row, fields), wanted)} for row in rows]
    return FAULTS[found["fault"]](answered) if found["fault"] else _table(answered)


def _form(content_type: str, body: bytes) -> tuple[dict[str, list[str]], bytes | None]:
    """The fields of a form, and the file in its field `data`."""
    form = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields: dict[str, list[str]] = {}
    content: bytes | None = None
    for part in form.walk():
        name = _name(part)
        value = part.get_payload(decode=True) if name else None
        if name == "data" and isinstance(value, bytes):
            content = value
        elif name and isinstance(value, bytes):
            fields.setdefault(name, []).append(value.decode())
    return fields, content


def _name(part: Message) -> str:
    return str(part.get_param("name", "", "content-disposition") or "")


def _picked(answer: Row, wanted: Sequence[str]) -> Row:
    return {name: answer.get(name, "") for name in wanted if name in _RESULTS}


def _answer(row: Row, fields: Mapping[str, list[str]]) -> Row:
    def given(field: str) -> str:
        return row.get(fields.get(field, [""])[0], "").strip()

    columns = [row.get(name, "").strip() for name in fields.get("columns", row)]
    code, question = given("citycode"), columns[0] if columns else ""
    if len(" ".join(columns).strip()) < 3:  # noqa: PLR2004  as the service has it
        return {"result_status": "skipped"}
    chance = int(hashlib.sha256(f"{code} {question}".encode()).hexdigest()[:8], 16)
    point = _point(given("lat"), given("lon"), code, chance)
    door = _DOOR.fullmatch(question)
    if not _CODE.fullmatch(code) or not point or not door or chance % 100 == _UNKNOWN:
        return {"result_status": "not-found"}
    return _found(door, code, point, chance, city=columns[-1])


def _point(latitude: str, longitude: str, code: str, chance: int) -> tuple[float, float] | None:
    away = (chance // 100 % 25) * _METRE
    if latitude and longitude:
        return float(latitude) + away, float(longitude) + away
    town = TOWNS.get(code)
    return (town.latitude + away * 20, town.longitude - away * 20) if town else None


def _found(
    door: re.Match[str], code: str, point: tuple[float, float], chance: int, *, city: str
) -> Row:
    street = door["street"][0].upper() + door["street"][1:]
    is_letter = bool(door["suffix"]) and len(door["suffix"]) == 1
    number = door["number"] + ("" if is_letter else door["suffix"] or "")
    share = chance % 100
    is_street = share < _STREET_ONLY
    score = 0.45 if _STREET_ONLY <= share < _DOUBTFUL else 0.98 - share / 1000
    name = street if is_street else f"{number} {street}"
    return {
        "longitude": f"{point[1]:.6f}",
        "latitude": f"{point[0]:.6f}",
        "result_score": f"{score - (0.2 if is_letter else 0):.6f}",
        "result_label": f"{name} {city}",
        "result_type": "street" if is_street else "housenumber",
        "result_id": f"{code}_{chance % 10_000:04d}",
        "result_housenumber": "" if is_street else number,
        "result_name": name,
        "result_street": street,
        "result_city": city,
        "result_citycode": code,
        "result_status": "ok",
    }


def _table(rows: Sequence[Row]) -> Page:
    text = io.StringIO()
    if rows:
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return Page(text.getvalue().encode(), CSV)


def _changed(rows: Sequence[Row], **values: str) -> Page:
    return _table([{**row, **{k: v for k, v in values.items() if row.get(k)}} for row in rows])


def _too_many(_rows: Sequence[Row]) -> Page:
    page = Page(b"Too Many Requests\n", TEXT, HTTPStatus.TOO_MANY_REQUESTS)
    return replace(page, headers=(("Retry-After", str(RETRY_AFTER_SECONDS)),))


FAULTS: Final[dict[str, Callable[[Sequence[Row]], Page]]] = {
    "slow": lambda rows: replace(_table(rows), delay_seconds=SLOW_SECONDS),
    "500": lambda _: Page(b"Internal Server Error\n", TEXT, 500),
    "429": _too_many,
    "rows": lambda rows: _table(rows[:-1]),
    "order": lambda rows: _table([*rows[1:], *rows[:1]]),
    "columns": lambda rows: _table([_picked(row, ("longitude", "latitude")) for row in rows]),
    "scores": lambda rows: _changed(rows, result_score="0.31"),
    "commune": lambda rows: _changed(rows, result_citycode="75056"),
    "html": lambda _: Page(b"<!doctype html><title>Service indisponible</title>\n", HTML),
}
