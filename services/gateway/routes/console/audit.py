"""What operators did, the newest first: by whom, what, to what, on which day."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Final, get_args
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from services.gateway.pages.marks import short
from services.gateway.repository.console import access
from services.gateway.repository.console.access import Record, Wanted
from services.gateway.repository.dead_letters import Service
from services.gateway.routes.console.visit import Visited, shown
from services.gateway.routes.problems import Fault, invalid

PATH: Final = "/console/audit"
PER_PAGE: Final = 50
UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RUN: Final = re.compile(r"(send_day|pre_notification)/(\d{4}-\d{2}-\d{2})")
BEFORE_ID: Final = (*get_args(Service), "send_day", "pre_notification")
"""What stands before the id, or the day, in the target of a dead letter or of a run of the schedule."""

PAGES_OF: Final[Mapping[str, str]] = {
    "job": "/console/jobs/",
    "client": "/console/clients/",
    "mail": "/console/mails/",
    "dead_letter": "/console/dead-letters/",
    "import": "/console/imports/",
}
"""By the first word of an action: what leads to its target."""

Word = Annotated[str, QueryParameter(max_length=200)]
Before = Annotated[int | None, QueryParameter(name="before", ge=1, le=2**63 - 1)]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A row, what is shown of its target, and the page of that, if it has one."""

    record: Record
    label: str
    path: str


@get("/audit")
async def show_audit(
    visit: Visited,
    *,
    actor: Word = "",
    action: Word = "",
    target: Word = "",
    day: Word = "",
    before: Before = None,
) -> Response[bytes]:
    """Fifty rows, those before a number when one is given."""
    query = {"actor": actor, "action": action, "target": target.strip(), "day": day}
    wanted = Wanted(
        actor=actor or None, action=action or None, targets=_targets(target), day=_day(day)
    )
    async with visit.ports.reading() as connection:
        found = await access.audit(connection, wanted, before=before, limit=PER_PAGE + 1)
        names = await access.names(connection)
    rows = found[:PER_PAGE]
    return await shown(
        visit,
        "console/audit.html",
        "audit",
        lines=[Line(record=row, label=_label(row), path=path_of(row)) for row in rows],
        actors=[(name, name) for name in names.actors],
        actions=[(name, name) for name in names.actions],
        query=query,
        filtered=any(query.values()),
        newest=_path(query) if before else "",
        older=_path(query, rows[-1].id) if len(found) > PER_PAGE else "",
    )


def path_of(record: Record) -> str:
    """The page of a row's target, or nothing."""
    subject, target = record.action.partition(".")[0], record.target
    if subject == "dead_letter":
        service, _, held_id = target.partition("/")
        known = service in get_args(Service) and UUID.fullmatch(held_id)
        return f"{PAGES_OF[subject]}{target}" if known else ""
    if page := PAGES_OF.get(subject):
        return f"{page}{target}" if UUID.fullmatch(target) else ""
    return _other_path(subject, record)


def _label(record: Record) -> str:
    """Ids by their last signs, as everywhere."""
    before, slash, last = record.target.rpartition("/")
    return f"{before}{slash}{short(last)}" if UUID.fullmatch(last) else record.target


def _other_path(subject: str, record: Record) -> str:
    if subject == "schedule":
        run = RUN.fullmatch(record.target)
        return f"/console/schedule?{urlencode({'kind': run[1], 'day': run[2]})}" if run else ""
    if subject == "city":
        code = str(record.detail.get("insee_code", ""))
        return f"/console/cities/{quote(code, safe='')}" if code else ""
    return {"api_key": "/console/keys", "outbox": "/console/topics"}.get(subject, "")


def _targets(given: str) -> Sequence[str]:
    """As it is, and as it stands behind the name of a service or of a kind of day."""
    target = given.strip()
    return [target, *(f"{word}/{target}" for word in BEFORE_ID)] if target else []


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        fault = Fault(pointer="/day", detail="is not a day, as 2026-11-21", place="query")
        raise invalid(fault) from error


def _path(query: Mapping[str, str], before: int | None = None) -> str:
    given = {name: value for name, value in query.items() if value}
    asked = urlencode({**given, "before": before} if before else given)
    return f"{PATH}?{asked}" if asked else PATH


PAGES: Final = (show_audit,)
