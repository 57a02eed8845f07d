"""Forms: read within bounds."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from services.gateway.routes.body import StrictRequest
from services.gateway.routes.problems import Refusal

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
LONGEST: Final = 100_000
MOST_FIELDS: Final = 1_000


async def fields(request: StrictRequest) -> Mapping[str, Sequence[str]]:
    """Every value of every field, as a page's own form sends them."""
    if request.content_type[0] != MEDIA_TYPE:
        raise Refusal(415, f"Send {MEDIA_TYPE}")
    body = await request.body()
    if len(body) > LONGEST:
        raise Refusal(413, f"The form is larger than {LONGEST} bytes")
    try:
        return parse_qs(
            body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise Refusal(400, "The form cannot be read") from error


async def values(request: StrictRequest) -> Mapping[str, str]:
    """The last value of every field."""
    return {name: found[-1] for name, found in (await fields(request)).items()}
