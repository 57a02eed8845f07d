"""A dead letter: its bytes, what they say, why nobody could handle it; tried again or laid aside."""

from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from services.gateway.pages.letters import reading
from services.gateway.pages.letters import shown as visible
from services.gateway.repository.console import dead_letters
from services.gateway.repository.dead_letters import Service
from services.gateway.routes import dead_letters as operations
from services.gateway.routes.console.act import act
from services.gateway.routes.console.mail import KEPT_BY_NOBODY
from services.gateway.routes.console.visit import Visited, shown
from services.gateway.routes.problems import unknown
from services.gateway.routes.values import PathId, identifier


@get("/dead-letters/{service:str}/{held_id:str}")
async def show_letter(
    visit: Visited, service: FromPath[Service], held_id: PathId
) -> Response[bytes]:
    """A held message, raw and decoded, and what differs from the event that it says it is."""
    wanted = identifier(held_id, "held_id")
    async with visit.ports.reading() as connection:
        found = await dead_letters.letter(connection, service, wanted)
        group_id = found and await dead_letters.group_of(connection, service, wanted)
    if found is None:
        raise unknown(f"The {service} holds no message {wanted}")
    return await shown(
        visit,
        "console/dead_letter.html",
        "dead_letters",
        letter=found,
        group_id=group_id,
        key=None if found.key is None else visible(found.key.decode("utf-8", "replace")),
        headers=[(visible(name), visible(value.decode("utf-8", "replace")))
                 for name, value in found.headers],
        reading=reading(found.headers, found.raw, whole=found.raw_bytes),
        base=f"/console/dead-letters/{service}/{wanted}",
    )  # fmt: skip


@get("/dead-letters/{service:str}/{held_id:str}/raw.bin", opt={"part": True})
async def raw_letter(
    visit: Visited, service: FromPath[Service], held_id: PathId
) -> Response[bytes]:
    """All of its bytes, as a file."""
    wanted = identifier(held_id, "held_id")
    async with visit.ports.reading() as connection:
        found = await dead_letters.raw(connection, service, wanted)
    if found is None:
        raise unknown(f"The {service} holds no bytes of a message {wanted}")
    name = f'attachment; filename="{service}-{wanted}.bin"'
    return Response(
        found,
        media_type="application/octet-stream",
        headers={**KEPT_BY_NOBODY, "Content-Disposition": name},
    )


@post("/dead-letters/{service:str}/{held_id:str}/replay")
async def replay(visit: Visited, service: FromPath[Service], held_id: PathId) -> Redirect:
    """Have it tried again at once."""
    back = f"/console/dead-letters/{service}/{held_id}"
    operation = operations.replay_dead_letter
    return await act(
        visit, operation, back=back, said="replayed", service=service, letter_id=held_id
    )


@post("/dead-letters/{service:str}/{held_id:str}/discard")
async def discard(visit: Visited, service: FromPath[Service], held_id: PathId) -> Redirect:
    """Lay it aside for good."""
    back = f"/console/dead-letters/{service}/{held_id}"
    operation = operations.discard_dead_letter
    return await act(
        visit, operation, back=back, said="discarded", service=service, letter_id=held_id
    )


PAGES: Final = (show_letter, raw_letter, replay, discard)
