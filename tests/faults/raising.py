"""Raise everything of a run but its services: database, topics, proxies, mail server, site."""

import contextlib
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.ledger import Ledger
from tests.faults.post import PostOffice
from tests.faults.proxy import Proxy
from tests.faults.rig import MORNING, Rig
from tests.faults.servers import Servers
from tests.faults.site import Site
from tests.support.database import TEMPLATE, Database


@asynccontextmanager
async def raised(servers: Servers, ledger: Ledger, folder: Path) -> AsyncGenerator[Rig]:
    """The rig of a run; all of it is gone when the block ends."""
    name = f"faults_{ledger.prefix.rstrip('.')}"
    await servers.execute(f"create database {name} template {TEMPLATE} strategy file_copy")
    database = Database(servers.postgres.port, name)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(_drop, servers, database, ledger.prefix)
        await servers.make_topics(ledger.prefix)
        post = await stack.enter_async_context(PostOffice(ledger.seed).running())
        proxies = {
            name: await stack.enter_async_context(
                Proxy(random.Random(ledger.seed)).running("127.0.0.1", port)
            )
            for name, port in (
                ("kafka", servers.node.port),
                ("postgres", servers.postgres.port),
                ("smtp", post.port),
            )
        }
        site = await stack.enter_async_context(Site(ledger.seed).running())
        rig = Rig(servers, ledger, database, proxies=proxies, post=post, site=site, folder=folder)
        stack.push_async_callback(rig.close)
        await rig.set_clock(MORNING)
        yield rig


async def _drop(servers: Servers, database: Database, prefix: str) -> None:
    await database.close()
    await servers.execute(f"drop database if exists {database.name} with (force)")
    await servers.delete_topics(prefix)
