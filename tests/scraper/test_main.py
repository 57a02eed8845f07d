import asyncio
from collections.abc import Sequence
from uuid import uuid4

import msgspec

from libs.common.consumer import consume
from libs.common.held import Record
from services.scraper.main import consumer
from services.scraper.settings import ScraperSettings
from tests.scraper.stage import Scraper, asking

SETTINGS = ScraperSettings(database_url="", kafka_bootstrap_servers="")


class Message(msgspec.Struct):
    """A record as the bus hands it over."""

    offset: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    topic: str = "client.process"
    partition: int = 0
    key: bytes | None = b""


def record(event: object, offset: int) -> Record:
    return Message(
        offset=offset,
        value=msgspec.json.encode(event),
        headers=(("ce_id", str(uuid4()).encode()), ("ce_type", b"trackimmo.client.process.v1")),
    )


async def test_a_message_is_handled_once_however_often_it_comes(scraper: Scraper):
    message = record(asking("01053"), 1)
    consuming = consumer(SETTINGS, asyncio.Event())

    await consume(scraper.connection, consuming, [message, message])
    await consume(scraper.connection, consuming, [message])

    assert len(await scraper.said()) == 1
    assert await scraper.value("select count(*) from waiting_job") == 1


async def test_what_cannot_be_handled_fails_its_job_and_no_other(scraper: Scraper):
    """Beyond the calendar there is no window."""
    good, bad = asking("01053"), asking("01053", as_of="0003-01-01")

    await consume(
        scraper.connection,
        consumer(SETTINGS, asyncio.Event()),
        [record(bad, 1), record(good, 2)],
    )

    said = {event.job_id: event for event in await scraper.said()}
    assert said[bad.job_id].type == "trackimmo.step.failed.v1"
    assert said[good.job_id].type == "trackimmo.step.progressed.v1"
