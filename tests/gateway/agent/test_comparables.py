"""Recent sales of the same kind, the nearest first, beside the estimate that rests on them."""

import re
from datetime import date
from uuid import uuid4

from libs.common.postgres import Connection
from tests.gateway.agent.conftest import Agent, home
from tests.gateway.routes.delivered import oppose

SALE = """
    insert into scraper.property (property_id, sale_key, home_key, insee_code, sold_on, kind, offered,
      postable, address, postal_code, city_name, price_eur, surface_m2, latitude, longitude, new_build,
      suspect, source, edition, file_sha256, line)
    select $1, $1, $2, '01053', $3::date, $4, true, true, $2, '', '', 200000, 100, $5, 5.2, $6, $7, '', '',
           repeat('0', 64), 1
"""
LEVEL = """
    insert into scraper.price_level (area, kind, median_per_m2_eur, low_per_m2_eur, high_per_m2_eur,
                                     comparables, months, computed_on)
    values ('01053', 'house', 2000, 1800, 2200, 5, 24, '2026-11-01')
"""


async def sell(admin: Connection, address: str, **changed: object) -> None:

    fact = {"on": date(2026, 1, 2), "kind": "house", "latitude": 46.3, "new": False, "odd": False}
    given = fact | changed
    await admin.execute(SALE, uuid4(), address, *given.values())


async def test_the_nearest_sales_of_its_kind_stand_beside_an_estimate(agent: Agent):
    await agent.deliver(
        "a", estimate_eur=190_000, estimate_low_eur=180_000, estimate_high_eur=200_000,
        estimate_basis="commune", estimate_comparables=5,
    )  # fmt: skip
    await agent.deliver("plain")
    await agent.admin.execute(LEVEL)
    await sell(agent.admin, "2 RUE LOIN", latitude=46.4)
    await sell(agent.admin, "1 RUE PRES", latitude=46.21)
    await sell(agent.admin, "3 RUE AILLEURS", latitude=None)
    await sell(agent.admin, "4 RUE NEUVE", new=True)
    await sell(agent.admin, "5 RUE ETRANGE", odd=True)
    await sell(agent.admin, "6 RUE OPPOSEE")
    await sell(agent.admin, "7 RUE DU TERRAIN", kind="land")
    await oppose(agent.admin, "6 RUE OPPOSEE")

    text = await agent.read(home("a"))

    shown = re.findall(r'<th scope="row">([^<]*)</th>', text)
    assert shown == ["1 RUE PRES", "2 RUE LOIN", "3 RUE AILLEURS"]
    assert "2\u202f000\xa0€" in text
    assert "Ventes comparables" not in await agent.read(home("plain"))
