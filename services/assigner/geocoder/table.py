"""The table that is sent to `/search/csv`, and the one that comes back.

The service adds columns to the lines that it was sent: `result_status` is `ok`, `not-found`,
`skipped` or `error`. Its answer counts only if its lines are ours, all of them, in our order.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Final

from services.assigner.domain.position import Answer, Question

LINE: Final = "line"
ADDRESS: Final = "address"
CITY: Final = "city"
CITY_CODE: Final = "citycode"
LATITUDE: Final = "lat"
LONGITUDE: Final = "lon"
SENT: Final = (LINE, ADDRESS, CITY, CITY_CODE, LATITUDE, LONGITUDE)
WANTED: Final = (
    "longitude",
    "latitude",
    "result_score",
    "result_type",
    "result_housenumber",
    "result_name",
    "result_street",
    "result_citycode",
    "result_oldcitycode",
    "result_status",
)
FORM: Final[Mapping[str, str | list[str]]] = {
    "columns": [ADDRESS, CITY],
    CITY_CODE: CITY_CODE,
    LATITUDE: LATITUDE,
    LONGITUDE: LONGITUDE,
    "result_columns": list(WANTED),
}
"""Which column is what: the address is searched, the commune is a filter, the point a preference."""


class ForeignAnswerError(ValueError):
    """What came back is not the table that was sent; the text says why."""


def written(questions: Sequence[Question]) -> bytes:
    """The table of these questions."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(SENT)
    for number, question in enumerate(questions, 1):
        rows.writerow((number, *_fields(question)))
    return text.getvalue().encode()


def read(content: bytes, questions: Sequence[Question]) -> list[Answer | None]:
    """The answer to each question, none where nothing was found."""
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ForeignAnswerError(f"no table: {error}") from error
    if len(rows) != len(questions):
        raise ForeignAnswerError(f"{len(rows)} lines for {len(questions)}")
    for number, (row, question) in enumerate(zip(rows, questions, strict=True), 1):
        if not {*SENT, *WANTED} <= row.keys() or None in row or None in row.values():
            raise ForeignAnswerError(f"line {number} has other columns")
        if tuple(row[name] for name in SENT) != (str(number), *_fields(question)):
            raise ForeignAnswerError(f"line {number} is not the one that was sent")
    return [_answer(row) for row in rows]


def _fields(question: Question) -> tuple[str, str, str, str, str]:
    place = (_written_degrees(question.latitude), _written_degrees(question.longitude))
    return (question.address, question.city, question.insee_code, *place)


def _written_degrees(degrees: float | None) -> str:
    return "" if degrees is None else f"{degrees:.6f}"


def _answer(row: Mapping[str, str]) -> Answer | None:
    if row["result_status"] != "ok":
        return None
    try:
        score, latitude, longitude = (
            float(row[name]) for name in ("result_score", "latitude", "longitude")
        )
    except ValueError:
        return None
    if not all(map(math.isfinite, (score, latitude, longitude))) or abs(latitude) > 90:  # noqa: PLR2004 - the poles
        return None
    return Answer(
        kind=row["result_type"],
        score=score,
        house_number=row["result_housenumber"],
        street=row["result_street"] or row["result_name"],
        city_codes=(row["result_citycode"], row["result_oldcitycode"]),
        latitude=latitude,
        longitude=longitude,
    )
