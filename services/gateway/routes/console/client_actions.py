"""What can be done with a client: each by the interface's own operation."""

from typing import Any, Final

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from services.gateway.repository import clients
from services.gateway.routes import (
    client_changes,
    erasure,
    jobs,
    link_revocation,
    resets,
    test_email,
    trials,
)
from services.gateway.routes.body import Body, read
from services.gateway.routes.console.act import SEE_OTHER, act, called, form, say
from services.gateway.routes.console.clients import PATH
from services.gateway.routes.console.visit import Visit, Visited
from services.gateway.routes.problems import Refusal, unknown
from services.gateway.routes.test_email import EmailTest
from services.gateway.routes.trials import TryClient
from services.gateway.routes.values import PathId, identifier


class Way(msgspec.Struct, frozen=True):
    """An operation of the interface whose outcome has a page: nobody waits for it elsewhere."""

    operation: HTTPRouteHandler
    body: type[Body]
    said: str
    page: str
    name: str
    """The field of the answer that the page is of."""


TRIAL: Final = Way(post()(trials.begin), TryClient, "trial", "/console/jobs", "job_id")
TEST_MAIL: Final = Way(
    post()(test_email.queue), EmailTest, "test_mail", "/console/mails", "mail_id"
)


@post("/clients/{client_id:str}/process")
async def process(visit: Visited, client_id: PathId) -> Redirect:
    """Start a delivery now, beside that of the month."""
    data = {"client_id": client_id}
    return await act(
        visit, jobs.process_client, back=_page(client_id), said="processing", data=data
    )


@post("/clients/{client_id:str}/add")
async def add(visit: Visited, client_id: PathId) -> Redirect:
    """Ask for more addresses."""
    data = {"client_id": client_id, "count": _number((await form(visit)).get("count", ""))}
    return await act(visit, jobs.add_addresses, back=_page(client_id), said="adding", data=data)


@post("/clients/{client_id:str}/pause")
async def pause(visit: Visited, client_id: PathId) -> Redirect:
    """Serve the client no longer, until resumed."""
    return await _set_status(visit, client_id, "inactive", said="paused")


@post("/clients/{client_id:str}/resume")
async def resume(visit: Visited, client_id: PathId) -> Redirect:
    """Serve the client from now on."""
    return await _set_status(visit, client_id, "active", said="resumed")


@post("/clients/{client_id:str}/revoke-links")
async def revoke_links(visit: Visited, client_id: PathId) -> Redirect:
    """Void the links to the client's page that are in mails."""
    operation = link_revocation.revoke_links
    return await act(visit, operation, back=_page(client_id), said="revoked", client_id=client_id)


@post("/clients/{client_id:str}/reset")
async def reset(visit: Visited, client_id: PathId) -> Redirect:
    """Take back all addresses, for whoever has typed whose."""
    if not await _is_confirmed(visit, client_id):
        return await _not_confirmed(visit, client_id)
    operation = resets.reset_assignments
    return await act(visit, operation, back=_page(client_id), said="reset", client_id=client_id)


@post("/clients/{client_id:str}/erase")
async def erase(visit: Visited, client_id: PathId) -> Redirect:
    """Erase the client for good, for whoever has typed whom."""
    if not await _is_confirmed(visit, client_id):
        return await _not_confirmed(visit, client_id)
    operation = erasure.erase_client
    return await act(visit, operation, back=_page(client_id), said="erased", client_id=client_id)


@post("/clients/{client_id:str}/trial")
async def begin_trial(visit: Visited, client_id: PathId) -> Redirect:
    """Run a job of kind `test`, and go to where it can be followed."""
    given = {"client_id": client_id, "count": _number((await form(visit)).get("count", ""))}
    return await _led(visit, TRIAL, given, back=_page(client_id))


@post("/clients/{client_id:str}/test-mail")
async def send_test_mail(visit: Visited, client_id: PathId) -> Redirect:
    """Send one of the mails, its facts invented, and go to where it can be followed."""
    fields = await form(visit)
    given = {name: fields.get(name, "").strip() for name in ("recipient", "template_type")}
    return await _led(visit, TEST_MAIL, given, back=_page(client_id))


async def _led(visit: Visit, way: Way, given: dict[str, Any], *, back: str) -> Redirect:
    """Begin something, and go to the page that tells how it goes on; back where it did not begin."""
    try:
        data = read(msgspec.json.encode(given), way.body)
        answer = await called(visit, way.operation, {"data": data})
    except Refusal as refusal:
        words = (f"{way.said}_{refusal.status_code}", f"refused_{refusal.status_code}", "refused")
        await say(visit, *words, is_done=False, detail=refusal.detail)
        return Redirect(back, status_code=SEE_OTHER)
    return Redirect(f"{way.page}/{_named(way.name, answer)}", status_code=SEE_OTHER)


def _named(name: str, answer: Response[Any]) -> str:
    """A field of an answer, which may have been given before."""
    content = answer.content
    facts = msgspec.json.decode(content) if isinstance(content, bytes) else content
    return str(facts[name] if isinstance(facts, dict) else getattr(facts, name))


async def _set_status(visit: Visit, client_id: str, status: str, *, said: str) -> Redirect:
    data = {"status": status}
    operation = client_changes.change_client
    back = _page(client_id)
    return await act(visit, operation, back=back, said=said, client_id=client_id, data=data)


async def _is_confirmed(visit: Visit, client_id: str) -> bool:
    """Whether the mail address or the id of this client was typed."""
    wanted = identifier(client_id, "client_id")
    async with visit.ports.reading() as connection:
        client = await clients.find(connection, wanted)
    if client is None:
        raise unknown(f"Client {wanted} not found")
    typed = (await form(visit)).get("confirmation", "").strip().lower()
    return typed in {client.email.lower(), str(wanted)}


async def _not_confirmed(visit: Visit, client_id: str) -> Redirect:
    await say(visit, "not_confirmed", is_done=False)
    return Redirect(_page(client_id), status_code=SEE_OTHER)


def _page(client_id: str) -> str:
    return f"{PATH}/{identifier(client_id, 'client_id')}"


def _number(text: str) -> int | str | None:
    """A number, nothing for an empty field; what is neither is left for the operation to refuse."""
    text = text.strip()
    return int(text[:9]) if text.isdecimal() and text.isascii() else text or None


PAGES: Final = (
    process,
    add,
    pause,
    resume,
    revoke_links,
    reset,
    erase,
    begin_trial,
    send_test_mail,
)
