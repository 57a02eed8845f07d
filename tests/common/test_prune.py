from datetime import timedelta
from uuid import uuid4

from libs.common import inbox, outbox
from libs.common.events import ClientErased
from libs.common.prune import prune
from tests.support.database import Database


async def test_what_is_too_old_goes_and_what_was_never_published_stays(database: Database) -> None:
    gateway = await database.connect("gateway")
    async with outbox.transaction(gateway) as emit:
        emit(ClientErased(client_id=uuid4()), None)
        emit(ClientErased(client_id=uuid4()), None)
    await gateway.execute("update outbox set published_at = public.clock() where seq = 1")
    await inbox.accept(gateway, "gateway", [uuid4()])

    await database.advance(timedelta(days=31))
    assert await prune(database.url("gateway")) == 1
    await database.advance(timedelta(days=60))
    assert await prune(database.url("gateway")) == 1

    assert await gateway.fetchval("select count(*) from outbox where published_at is null") == 1
