"""Requests to the geocoder: paced, bounded, and none for a while after many that failed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Final

import httpx
import structlog

from libs.egress import EgressRefusedError, read_answer
from services.assigner.domain.position import Answer, Question
from services.assigner.geocoder import table
from services.assigner.geocoder.table import ForeignAnswerError
from services.assigner.handlers.ports import GeocoderError

log = structlog.get_logger()

REQUESTS_A_SECOND: Final = 40.0  # of the 50 that one address may send
BYTES_A_LINE: Final = 2_000
BYTES_BESIDE: Final = 65_536
TRY_AGAIN_SECONDS: Final = 0.5
BLOCKED_SECONDS: Final = 5.0  # what the service's 429 says where it says nothing
FAILURES_IN_A_ROW: Final = 5
REST_SECONDS: Final = 30.0

Turn = Callable[[], Awaitable[float]]
"""Takes the next turn to ask: after how many seconds it comes."""


class Geoplateforme:
    """The batch service at `{url}/search/csv`, as one process asks it; `turn` is shared with others."""

    def __init__(self, client: httpx.AsyncClient, url: str, turn: Turn | None = None) -> None:
        self._client = client
        self._turn = turn or self._own_turn
        self._url = f"{url.rstrip('/')}/search/csv"
        self._next_at = 0.0
        self._silent_until = 0.0
        self._failures = 0

    async def ask(self, questions: Sequence[Question], *, seconds: float) -> list[Answer | None]:
        """An answer to each question, in their order, or a `GeocoderError`."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        if self._silent_until > clock():
            raise self._silent(self._silent_until - clock())
        turn_at = clock() + await self._turn()
        if turn_at > end:
            raise GeocoderError("too many are asking", again_in=TRY_AGAIN_SECONDS)
        await asyncio.sleep(turn_at - clock())
        try:
            content = await self._sent(questions, end - clock())
            answers = table.read(content, questions)
        except httpx.HTTPStatusError as error:
            raise self._refused(error.response) from error
        except EgressRefusedError as error:
            raise self._failed(str(error), for_good=True) from error
        except (httpx.HTTPError, ForeignAnswerError) as error:
            raise self._failed(f"{type(error).__name__}: {error}") from error
        self._failures = 0
        return answers

    async def _sent(self, questions: Sequence[Question], seconds: float) -> bytes:
        request = self._client.build_request(
            "POST",
            self._url,
            data=table.FORM,
            files={"data": ("addresses.csv", table.written(questions), "text/csv")},
        )
        most = BYTES_BESIDE + BYTES_A_LINE * len(questions)
        return await read_answer(self._client, request, most_bytes=most, seconds=max(seconds, 0))

    async def _own_turn(self) -> float:
        now = asyncio.get_running_loop().time()
        at = max(now, self._next_at)
        self._next_at = at + 1 / REQUESTS_A_SECOND
        return at - now

    def _refused(self, response: httpx.Response) -> GeocoderError:
        status = response.status_code
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            said = response.headers.get("Retry-After", "")
            wait = float(said) if said.isascii() and said.isdigit() else BLOCKED_SECONDS
            wait = max(wait, TRY_AGAIN_SECONDS)
            self._be_silent(min(wait, REST_SECONDS))
            return GeocoderError("too many requests", again_in=wait)
        is_ours = status < HTTPStatus.INTERNAL_SERVER_ERROR
        return self._failed(f"status {status}", for_good=is_ours)

    def _failed(self, reason: str, *, for_good: bool = False) -> GeocoderError:
        """Count it; what will fail again at once, or has failed often, is left alone for a while."""
        self._failures += 1
        if for_good or self._failures >= FAILURES_IN_A_ROW:
            self._be_silent(REST_SECONDS)
            log.error("geocoder_left_alone", seconds=REST_SECONDS, error=reason)
            return GeocoderError(reason)
        return GeocoderError(reason, again_in=TRY_AGAIN_SECONDS)

    def _silent(self, seconds: float) -> GeocoderError:
        wait = seconds if seconds <= BLOCKED_SECONDS else None
        return GeocoderError("nobody is asked at the moment", again_in=wait)

    def _be_silent(self, seconds: float) -> None:
        self._silent_until = asyncio.get_running_loop().time() + seconds
