"""What the agent makes of an address: one tap, a form, and taking the last change back."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.response import Redirect

from services.gateway.pages.agent import card
from services.gateway.routes import body
from services.gateway.routes.agent.page import (
    FOLLOWED,
    STATUSES,
    MissingHomeError,
    found_home,
    home_page,
    today,
)
from services.gateway.routes.agent.query import query
from services.gateway.routes.agent.visitor import Opened, Visitor, is_partial, shown
from services.gateway.routes.console import forms
from services.gateway.routes.follow_up import FollowUpChange, follow_up_property
from services.gateway.routes.problems import Refusal
from services.gateway.routes.values import PathId

NOT_FOUND: Final = 404
INVALID: Final = 422
AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
EMPTY: Final[Mapping[str, Any]] = {"status": "new", **dict.fromkeys(FOLLOWED)}
"""Of an address before anything was made of it."""


@post("/homes/{address_id:str}", status_code=200, name="agent_follow_up")
async def follow_home(opened: Opened, address_id: PathId) -> Response[Any]:
    """Set the status alone, as a button of a card does, or all that the form of a page holds."""
    given = await forms.fields(opened.request)
    change = _change(given)
    try:
        await _follow(opened, address_id, change)
    except Refusal as refusal:
        if refusal.status_code != INVALID:
            raise
        wrong = frozenset(fault.pointer.lstrip("/") for fault in refusal.faults)
        sent = {name: given.get(name, [""])[0] for name in FOLLOWED}
        return await home_page(opened, address_id, status=INVALID, given=sent, wrong=wrong)
    return await _after(opened, address_id, "saved")


@post("/homes/{address_id:str}/undo", status_code=200, name="agent_undo")
async def undo(opened: Opened, address_id: PathId) -> Response[Any]:
    """Set an address back to what it was before its last change; again brings that change back.

    Only the change that the page showed: what somebody else has set meanwhile stays.
    """
    row, states = await found_home(opened, address_id)
    given = await forms.fields(opened.request)
    if not states or _only(given, "since") != row["followed_at"].isoformat():
        return await _after(opened, address_id, "changed_meanwhile")
    before = {name: states[-2][name] for name in EMPTY} if len(states) > 1 else EMPTY
    await _follow(opened, address_id, before)
    return await _after(opened, address_id, "undone")


async def _follow(opened: Visitor, address_id: str, change: Mapping[str, Any]) -> None:
    """By the operation of the interface, with its rules and its line in the log."""
    data = body.read(msgspec.json.encode(change), FollowUpChange)
    client_id = str(opened.holder.client_id)
    try:
        await follow_up_property.fn(
            client_id, address_id, data=data, ports=opened.ports, request=opened.request
        )
    except Refusal as refusal:
        if refusal.status_code == NOT_FOUND:
            raise MissingHomeError(opened) from refusal
        raise


def _change(given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was sent, as the interface wants it: empty is null, an amount is a number."""
    change: dict[str, Any] = {}
    for name in FOLLOWED:
        if name in given:
            change[name] = _only(given, name) or None
    if "follow_up_on" in given:  # a button that says which day
        change["follow_up"] = _only(given, "follow_up_on")
    if "status" in given:
        change["status"] = _only(given, "status")
    if notes := change.get("notes"):
        change["notes"] = notes.replace("\r\n", "\n")
    if amount := change.get("desired_price"):
        change["desired_price"] = _amount(amount)
    return change


def _amount(written: str) -> float | str:
    """`265 000,50 €` as a number; what is none is left for the rules to refuse."""
    plain = "".join(written.split()).removesuffix("€").replace(",", ".")
    return float(plain) if AMOUNT.fullmatch(plain) else written


def _only(given: Mapping[str, Sequence[str]], name: str) -> str:
    return given.get(name, ("",))[0].strip()


async def _after(opened: Visitor, address_id: str, said: str) -> Response[Any]:
    """The card as it is now, for a script; else back to where the button stood."""
    asked = query(opened.request.query_params)
    on_list = opened.request.query_params.get("from") == "list"
    if is_partial(opened.request) and on_list:
        row, _ = await found_home(opened, address_id)
        home = card(row, opened.say, today(opened))
        return shown(
            opened,
            "card.html",
            home=home,
            query=asked,
            statuses=STATUSES,
            changed=home.id,
            said=said,
        )
    home_id = str(UUID(address_id))
    if on_list:
        back = asked.string(page=asked.page, changed=home_id)
        return Redirect(f"{opened.path}{back}#home-{home_id}", status_code=303)
    back = asked.string(page=asked.page, said=said)
    return Redirect(f"{opened.path}/homes/{home_id}{back}", status_code=303)
