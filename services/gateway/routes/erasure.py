"""Clients: erase one."""

import structlog
from litestar import delete

from libs.common.events import ClientErased
from services.gateway.handlers.closing import close
from services.gateway.repository import agent_links, erasure, idempotency, movements
from services.gateway.routes.audited import record
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.ports import Given
from services.gateway.routes.problems import unknown
from services.gateway.routes.values import PathId, identifier

log = structlog.get_logger()


@delete("/clients/{client_id:str}", tags=["Clients"], opt={"refuses": [404]})
async def erase_client(client_id: PathId, ports: Given, request: StrictRequest) -> None:
    """Erase a client for good: all that names the person goes, open jobs fail, links end.

    What was delivered is forgotten but for which doors, so that numbers stay as they are. Asked
    again, nothing more happens; the mail address may be registered anew, as another client.
    """
    found = identifier(client_id, "client_id")
    async with ports.writing() as (connection, emit):
        email = await erasure.lock(connection, found)
        if email is None:
            if await erasure.is_erased(connection, found):
                return
            raise unknown(f"Client {found} not found")
        await erasure.adopt_test_mails(connection, found, email)
        open_jobs = await erasure.open_jobs(connection, found)
        await erasure.forget_words(connection, found)
        await close(connection, open_jobs, "erased", runs=movements)
        await idempotency.erase(connection, found)
        await agent_links.revoke(connection, found)
        await erasure.bury(connection, found)
        await record(connection, request, "client.erase", found)
        emit(ClientErased(client_id=found), None)
    log.info("client_erased", client_id=str(found))
