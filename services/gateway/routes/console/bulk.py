"""A group of dead letters settled at once: first what it would do, then done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from services.gateway.repository.console import bulk, dead_letters
from services.gateway.repository.console.bulk import AT_ONCE, Settled, Wish
from services.gateway.repository.dead_letters import Service
from services.gateway.routes.audited import record
from services.gateway.routes.calendar import YEARS
from services.gateway.routes.console.act import SEE_OTHER, form, say
from services.gateway.routes.console.dead_letters import GroupId
from services.gateway.routes.console.visit import Visit, Visited, shown
from services.gateway.routes.noted import note, say_noted
from services.gateway.routes.problems import Fault, invalid, unknown

SAMPLES: Final = 5


@get("/dead-letters/{service:str}/groups/{group_id:str}/{wish:str}")
async def try_out(
    visit: Visited, service: FromPath[Service], group_id: GroupId, wish: FromPath[Wish]
) -> Response[Any]:
    """What settling this group would do; nothing is done by looking."""
    async with visit.ports.reading() as connection:
        groups = await dead_letters.groups(connection, service, group_id)
        run = await bulk.latest(connection, service, group_id)
        samples = await dead_letters.letters(
            connection, service, group_id, "dead", limit=SAMPLES, offset=0
        )
    base = f"/console/dead-letters/{service}/groups/{group_id}"
    if not groups and run:  # replayed meanwhile: its own page says how far that is
        return Redirect(base, status_code=SEE_OTHER)
    if not groups:
        raise unknown(f"The {service} has no dead letter of this group any more")
    return await shown(
        visit,
        "console/dead_letter_bulk.html",
        "dead_letters",
        group=groups[0],
        letters=samples,
        wish=wish,
        base=base,
        number=min(groups[0].letters, AT_ONCE),
    )


@post("/dead-letters/{service:str}/groups/{group_id:str}/{wish:str}")
async def settle_group(
    visit: Visited, service: FromPath[Service], group_id: GroupId, wish: FromPath[Wish]
) -> Redirect:
    """Settle the letters of a group that were dead when the operator looked, 1,000 at most."""
    given = await form(visit)
    back = f"/console/dead-letters/{service}/groups/{group_id}"
    seen_at = _instant(given)
    if wish == "discard" and given.get("confirmation") != service:
        await say(visit, "not_confirmed", is_done=False)
        return Redirect(f"{back}/{wish}", status_code=SEE_OTHER)
    settled = await _settled(visit, wish, service, group_id, seen_at)
    said = f"{wish}_bulk_done" if settled.settled else f"{wish}_bulk_nothing"
    numbers = {"settled": settled.settled, "busy": settled.busy}
    await say(visit, f"{wish}_bulk_busy" if settled.busy else said, numbers=numbers)
    return Redirect(back if wish == "replay" else "/console/dead-letters", status_code=SEE_OTHER)


async def _settled(
    visit: Visit, wish: Wish, service: Service, group_id: str, seen_at: datetime
) -> Settled:
    """Effect and audit in one transaction: one row for each request, however many letters."""
    async with visit.ports.writing() as (connection, _):
        settled = await bulk.settle(connection, wish, service, group_id, seen_at)
        about = {"letters": settled.settled, "seen_at": seen_at.isoformat()}
        about |= {"topic": settled.topic}
        target = f"{service}/{group_id}"
        await record(connection, visit.request, f"dead_letters.{wish}", target, **about)
        note(visit.request, "dead_letters_settled", group=target, wish=wish, **about)
    say_noted(visit.request)
    return settled


def _instant(given: Mapping[str, str]) -> datetime:
    try:
        seen_at = msgspec.convert(given.get("seen_at", ""), datetime)
    except msgspec.ValidationError as error:
        raise invalid(Fault(pointer="/seen_at", detail="is not an instant")) from error
    if seen_at.tzinfo is None:
        raise invalid(Fault(pointer="/seen_at", detail="has no time zone"))
    if seen_at.year not in YEARS:
        raise invalid(Fault(pointer="/seen_at", detail="is no instant of ours"))
    return seen_at


PAGES: Final = (try_out, settle_group)
