"""What the console says of the bus, and the replay of the outboxes."""

import re
from datetime import timedelta

import pytest

from libs.common.postgres import Connection
from services.gateway.repository.console import topics
from services.gateway.repository.console.topics import GroupLook, Look, PartitionLook
from tests.gateway.console.conftest import Console

TOPICS = "/console/topics"


def look(*, waits: int, age: float | None = None, members: int = 1) -> Look:
    """The scraper before `client.process`, with so many events in its second partition."""
    places = [
        PartitionLook(
            group="scraper", topic="client.process", partition=number, first_offset=0,
            end_offset=100, committed=100 - waits * number, oldest_seconds=age if number else None,
        )
        for number in (0, 1)
    ]  # fmt: skip
    return Look(groups=[GroupLook(group="scraper", members=members)], partitions=places)


def row(page: str) -> str:
    """The line of the scraper."""
    found = re.search(r'<tr id="scraper-client.process">.*?</tr>', page, re.DOTALL)
    assert found, page
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


@pytest.mark.parametrize(
    "seen, said",
    [
        (look(waits=0), "up to date 0 –"),
        (look(waits=7, age=12), "reading 7 12 s"),
        (look(waits=7, age=300), "behind 7 5 min"),
        (look(waits=7, age=3, members=0), "nobody reads 7 3 s"),
    ],
)
async def test_a_line_tells_how_far_a_group_is_behind(
    console: Console, conn: Connection, seen: Look, said: str
) -> None:
    await topics.store(conn, seen)
    assert f"scraper client.process {said}" in row((await console.get(TOPICS)).text)


async def test_each_partition_is_told_where_it_is_asked_for(
    console: Console, conn: Connection
) -> None:
    await topics.store(conn, look(waits=7, age=12))
    await topics.store(conn, look(waits=5, age=12))
    page = (await console.get(f"{TOPICS}?group=scraper&topic=client.process")).text
    assert 'id="partitions"' in page
    assert re.search(r'<th scope="row">1</th><td class="number">5</td>', page)
    assert 'id="partitions"' not in (await console.get(TOPICS)).text
    assert 'id="partitions"' not in (await console.get(f"{TOPICS}?group=x&topic=y")).text


async def test_the_past_is_drawn_with_its_most(console: Console, conn: Connection) -> None:
    await topics.store(conn, look(waits=2))
    await conn.execute("""
        insert into lag_sample (at, consumer_group, topic, lag, oldest_seconds)
        select public.clock() - n * interval '1 hour', 'scraper', 'client.process', 1000 + n, 0
        from unnest(array[3, 30]) n""")
    assert "at most 1003 unread" in (await console.get(TOPICS)).text
    assert "at most 1030 unread" in (await console.get(f"{TOPICS}?hours=48")).text
    assert (await console.get(f"{TOPICS}?hours=49")).status_code == 422


async def test_a_bus_that_is_away_is_said_with_the_time_of_the_figures(
    console: Console, conn: Connection
) -> None:
    assert "has not been asked yet" in (await console.get(TOPICS)).text
    await topics.store(conn, None)
    assert "never has" in (await console.get(TOPICS)).text
    await topics.store(conn, look(waits=4, age=20))
    assert "Figures of" in (await console.get(TOPICS)).text
    await console.database.advance(timedelta(minutes=1))
    await topics.store(conn, None)
    page = (await console.get(TOPICS)).text
    assert "Kafka does not answer; the figures are of" in page
    assert "4 20 s" in row(page)
    await console.database.advance(timedelta(minutes=5))
    assert "Nobody has asked Kafka since" not in page


async def test_outboxes_say_what_waits(console: Console, admin: Connection) -> None:
    await admin.execute("""
        insert into notifier.outbox (topic, key, type, payload, created_at)
        select 'mail.settled', '', 't', '', public.clock() - interval '3 minutes'
        from generate_series(1, 12)""")
    page = (await console.get(TOPICS)).text
    assert re.search(
        r'<th scope="row">notifier</th><td class="number">12</td><td class="number">3 min', page
    )


async def test_outboxes_are_replayed_only_by_whoever_types_it(
    console: Console, admin: Connection
) -> None:
    await admin.execute("""
        insert into scraper.outbox (topic, key, type, payload, published_at)
        values ('properties.ready', '', 't', '', public.clock())""")
    waiting = "select count(*) from scraper.outbox where published_at is null"
    form = {"service": "scraper", "since": "2026-01-01T00:00"}

    page = await console.follow(await console.post(f"{TOPICS}/replay", form))
    assert "nothing was done" in page
    assert await admin.fetchval(waiting) == 0

    form["confirmation"] = "outbox"
    wrong = await console.follow(await console.post(f"{TOPICS}/replay", {**form, "since": "x"}))
    assert "A value does not fit" in wrong
    page = await console.follow(await console.post(f"{TOPICS}/replay", form))
    assert "published once more" in page
    assert await admin.fetchval(waiting) == 1
    (done,) = await admin.fetch("select * from gateway.audit where action = 'outbox.replay'")
    assert done["target"] == "scraper"
    assert done["detail"]["events"] == {"scraper": 1}
