"""Which methods a path knows, told to OPTIONS.

Litestar's own answer names those of the handler that came first; the refusal of a method names all.
"""

from typing import cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

NONE_SUCH = "OPTION"


def with_options(app: ASGIApp) -> ASGIApp:
    """The same application, with a true answer to OPTIONS; it needs no key."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            await app(scope, receive, send)
            return
        refused = False

        async def send_on(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] == 405:  # noqa: PLR2004 - as meant
                refused = True
                allow = [pair for pair in message["headers"] if pair[0].lower() == b"allow"]
                await send({"type": "http.response.start", "status": 204, "headers": allow})
            elif refused:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await send(message)

        await app(cast(Scope, {**scope, "method": NONE_SUCH}), receive, send_on)

    return answer
