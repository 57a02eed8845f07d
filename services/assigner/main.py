"""The assigner as a process: `python -m services.assigner.main`."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from libs.common import service
from libs.common.consumer import Consumer, Handlers
from libs.common.envelope import Received
from libs.common.events import ClientErased, PropertiesReady
from libs.common.outbox import Emit
from libs.common.postgres import Connection
from libs.common.settings import load
from services.assigner.handlers import assigning, erasing
from services.assigner.repository.choices import PostgresChoices
from services.assigner.repository.upkeep import keep
from services.assigner.settings import AssignerSettings

NAME: Final = "assigner"


def consumer(settings: AssignerSettings, wake: asyncio.Event) -> Consumer:
    """Which events the assigner handles, and how."""
    rule = settings.rule

    async def assign(connection: Connection, received: Sequence[Received[Any]], emit: Emit) -> None:
        await assigning.assign(
            received, choices=PostgresChoices(connection, rule), emit=emit, ages=rule.ages
        )

    async def erase(connection: Connection, received: Sequence[Received[Any]], _: Emit) -> None:
        await erasing.erase(received, choices=PostgresChoices(connection, rule))

    table: Handlers = {PropertiesReady: assign, ClientErased: erase}
    return Consumer(name=NAME, handlers=table, steps={PropertiesReady: "assign"}, wake=wake)


async def main() -> None:
    """Run until told to stop."""
    settings, wake = load(AssignerSettings), asyncio.Event()
    consuming = service.Consuming(settings, consumer(settings, wake))
    await service.run(
        NAME,
        settings,
        *consuming.tasks(),
        keep(settings.database_url, settings.rule),
        wake=wake,
        ready=consuming.ready,
        sources=[consuming.lag],
    )


if __name__ == "__main__":
    service.start(NAME, main)
