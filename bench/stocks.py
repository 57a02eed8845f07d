"""Stocks of millions of sales, made inside PostgreSQL from a seed.

Each commune has 31,250 sales of ten years, four in five on offer, so that two communes have about
10,000 candidates in a window of two years, however large the stock. Neighbours in the table are of
different communes and years: the worst order for whoever reads one commune.
"""

from datetime import date
from typing import Final

import asyncpg

AS_OF: Final = date(2026, 11, 21)
MILLION: Final = 1_000_000
_SALES_A_COMMUNE: Final = 31_250

PLACES: Final = """
    insert into scraper.place (insee_code, city_id, name, postal_codes, department, region,
                               population, search)
    select lpad((1000 + n)::text, 5, '0'), md5('place ' || n)::uuid, 'Commune ' || n,
           array[lpad((1000 + n)::text, 5, '0')], '01', 'Auvergne-Rhône-Alpes', 50000, 'commune ' || n
    from generate_series(0, $1::int - 1) as n
"""

SALES: Final = """
    insert into scraper.property (
      property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, address,
      postal_code, city_name, price_eur, surface_m2, rooms, land_m2, latitude, longitude, own_keys,
      covered_keys, source, edition, file_sha256, line, digest)
    select id, id, md5('door ' || seed || ' ' || n), code,
           date '2016-11-22' + ((hashint8extended(n, seed) >> 3) & 2147483647)::int % 3653,
           case when n / 7 % 3 = 0 then 'house' else 'apartment' end, n / 11 % 5 > 0, true,
           format('%s RUE DE LA REPUBLIQUE', n % 300), code, 'Commune', 100000 + n % 400000,
           20 + n % 130, 1 + n % 6, null, 46 + n % 1000 / 1000.0, 5 + n % 1000 / 1000.0,
           format('lot:%s000AB%s:%s', code, lpad((n % 10000)::text, 4, '0'), n % 90),
           format('lot:%s000AB%s:%s', code, lpad((n % 10000)::text, 4, '0'), n % 90),
           'raw-dvf', '202404', repeat('0', 64), 2 + (n % 1000000)::int, n
    from (
      select n, $3::bigint as seed, md5('sale ' || $3::bigint || ' ' || n)::uuid as id,
             lpad((1000 + n % $2::int)::text, 5, '0') as code
      from generate_series(0, $1::bigint - 1) as n
    ) as sale
"""

INDEXES: Final = """
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index where indrelid = 'scraper.property'::regclass and not indisprimary
"""


def cities() -> tuple[str, str]:
    """Two communes that every stock has."""
    return "01003", "01017"


async def fill(connection: asyncpg.Connection, *, sales: int, seed: int) -> None:
    """A stock of so many sales; indexes come last, which takes half the time."""
    communes = sales // _SALES_A_COMMUNE
    await connection.execute(PLACES, communes)
    indexes = await connection.fetch(INDEXES)
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    await connection.execute("alter table scraper.property drop constraint property_pkey")
    await connection.execute(SALES, sales, communes, seed)
    await connection.execute("set maintenance_work_mem = '512MB'")
    await connection.execute("alter table scraper.property add primary key (property_id)")
    for index in indexes:
        await connection.execute(index["definition"])
    await connection.execute("vacuum (analyze) scraper.property")
    await connection.execute("vacuum (analyze) scraper.place")
    await connection.execute("checkpoint")
