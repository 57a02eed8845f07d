"""The strategy `monthly`: the oldest month first, shuffled within a month."""

import uuid
from datetime import date

from services.assigner.domain.choice import Rule
from tests.assigner.stock import AGES, add, assigned, home, ready
from tests.support.database import Database

MONTHLY = Rule(ages=AGES, strategy="monthly")
DELIVERED = "select sold_on, home_key from delivered where job_id = $1 order by position"


async def test_the_oldest_month_comes_first_and_is_used_up_before_the_next(database: Database):
    days = [date(2018, month, day) for month in (11, 12) for day in range(22, 30)]
    await add(database, [home(sold_on=day) for day in [*days, date(2019, 1, 1)]])
    connection = await database.connect("assigner")
    asked = ready(count=10)

    await assigned(connection, asked, rule=MONTHLY)

    rows = await connection.fetch(DELIVERED, asked.event.job_id)
    assert [row["sold_on"].month for row in rows] == [11] * 8 + [12] * 2


async def test_the_order_within_a_month_is_the_jobs_own_and_always_the_same(database: Database):
    await add(database, [home(sold_on=date(2019, 3, 1 + day)) for day in range(28)])
    connection = await database.connect("assigner")

    first, other, same = [
        (await assigned(connection, ready(client_id=uuid.uuid4(), seed=seed), rule=MONTHLY))[0]
        for seed in (1, 2, 1)
    ]

    assert first.address_ids == same.address_ids
    assert set(first.address_ids) != set(other.address_ids)


async def test_within_a_month_every_day_is_as_likely(database: Database):
    """Of 30 homes of a month each is among the first three about as often as the others."""
    await add(database, [home(sold_on=date(2019, 3, 1 + day)) for day in range(30)])
    connection = await database.connect("assigner")

    jobs = [ready(count=3, seed=seed * 7919) for seed in range(1000)]
    await assigned(connection, *jobs, rule=MONTHLY)

    rows = await connection.fetch("select sold_on, count(*) as times from delivered group by 1")
    assert len(rows) == 30
    assert all(65 < row["times"] < 140 for row in rows), "100 each, give or take four deviations"
