"""A client who is gone: the doors stay known, without facts."""

from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from libs.common.envelope import Received
from libs.common.events import ClientErased

log = structlog.get_logger()


class Forgetting(Protocol):
    """What is kept of each client."""

    async def lock(self, client_ids: Iterable[UUID]) -> None:
        """Keep these clients to this transaction: nobody chooses for them meanwhile."""
        ...

    async def erase(self, client_ids: Iterable[UUID]) -> None:
        """Forget what these clients have received, but not which doors."""
        ...


async def erase(received: Sequence[Received[ClientErased]], *, choices: Forgetting) -> None:
    """Forget the clients; their doors stay known, without facts, so that nothing is repeated."""
    client_ids = [one.event.client_id for one in received]
    await choices.lock(client_ids)
    await choices.erase(client_ids)
    log.info("clients_erased", clients=len(client_ids))
