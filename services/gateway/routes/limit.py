"""How many requests a key has: counted before anything is done, told in every answer."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway.repository.rate import Counted
from services.gateway.routes.keys import Admit, remember
from services.gateway.routes.problems import Refusal

Count = Callable[[bytes], Awaitable[Counted]]
"""Counts one more request of a key, given its hash."""

HEADERS: Final = {
    "RateLimit-Policy": "Requests a key has, and the seconds of its window: `100;w=3600`",
    "RateLimit-Limit": "Requests a key has in its window",
    "RateLimit-Remaining": "Requests left in the present window",
    "RateLimit-Reset": "Seconds until the present window ends",
}
"""On every answer to a request that was counted."""


def limited(
    admit: Admit, count: Count, *, requests: int, window_seconds: int
) -> Callable[[ASGIApp], ASGIApp]:
    """A middleware that lets in who brings a key that has requests left; others are not counted."""
    fixed = (
        (b"ratelimit-policy", b"%d;w=%d" % (requests, window_seconds)),
        (b"ratelimit-limit", b"%d" % requests),
    )

    def told(counted: Counted) -> list[tuple[bytes, bytes]]:
        remaining = max(0, requests - counted.number)
        return [
            *fixed,
            (b"ratelimit-remaining", b"%d" % remaining),
            (b"ratelimit-reset", b"%d" % counted.seconds_left),
        ]

    def around(app: ASGIApp) -> ASGIApp:
        async def enter(scope: Scope, receive: Receive, send: Send) -> None:
            who = await admit(scope)
            remember(scope, who)
            counted = await count(who.key_hash)
            headers = told(counted)
            if counted.number > requests:
                every = f"{requests} requests in {window_seconds} s"
                raise _too_many(every, counted.seconds_left, headers)

            async def send_on(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], *headers]
                await send(message)

            await app(scope, receive, send_on)

        return enter

    return around


def _too_many(every: str, seconds_left: int, headers: Sequence[tuple[bytes, bytes]]) -> Refusal:
    told = {name.decode(): value.decode() for name, value in headers}
    return Refusal(
        429,
        f"This key has {every}: try again in {seconds_left} s",
        headers={**told, "Retry-After": str(seconds_left)},
    )
