"""Clients and the stock that their month is served from, the same for us and for our peers.

200 communes of 750 sales over six years, so that a client with two of them has about 500
candidates; everything follows from the row's number.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.cluster import Database

COMMUNES: Final = 200
SALES_PER_COMMUNE: Final = 750
ADDRESSES: Final = 10
SIZES: Final = (
    f"{COMMUNES} communes of {SALES_PER_COMMUNE} sales, {ADDRESSES} addresses a client of two"
    " communes, about 500 candidates each"
)

_HEADINGS: Final = "code,nom,type,codes_postaux,code_departement,departement,code_region,region,population,code_parent,anciens_codes,zone"

PLACES: Final = """
    insert into scraper.place (insee_code, city_id, name, postal_codes, department, region,
                               population, search)
    select format('01%s', lpad(n::text, 3, '0')), uuidv7(), 'Commune ' || n,
           array[format('01%s', lpad(n::text, 3, '0'))], '01', 'Auvergne-Rhône-Alpes', 5000,
           'commune ' || n
    from generate_series(1, $1::int) as n
"""

CITIES: Final = """
    insert into scraper.city (insee_code, last_scraped, first_year)
    select insee_code, public.clock(), 2010 from scraper.place
"""

SALES: Final = """
    insert into scraper.property (
      property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, address,
      postal_code, city_name, price_eur, surface_m2, rooms, latitude, longitude, source, edition,
      file_sha256, line)
    select gen_random_uuid(), gen_random_uuid(), md5(insee_code || n), insee_code,
           current_date - interval '4 years' - n * interval '6 years' / $1,
           case when n % 3 = 0 then 'apartment' else 'house' end, true, true,
           format('%s RUE DE LA REPUBLIQUE', n), postal_codes[1], name,
           100000 + n * 137, 40 + n % 90, 2 + n % 5, 46 + n / 1000.0, 5 + n / 1000.0,
           'geo-dvf', '2026-04', repeat('0', 64), n
    from scraper.place cross join generate_series(1, $1::int) as n
"""

CLIENTS: Final = """
    insert into gateway.client (first_name, last_name, email, subscription_type, send_day,
                                addresses_per_report, chosen_cities, property_type_preferences,
                                active_since)
    select 'Camille', 'Martin ' || n, format('agent%s@example.org', n), 'pro',
           extract(day from (public.clock() at time zone 'Europe/Paris'))::int, $2,
           array[format('01%s', lpad((1 + n % $3)::text, 3, '0')),
                 format('01%s', lpad((1 + (n + $3 / 2) % $3)::text, 3, '0'))],
           array['house', 'apartment'], date '2026-01-01'
    from generate_series(1, $1::int) as n
"""


async def fill(database: Database, clients: int) -> None:
    """Places, fresh cities with their sales, and clients who are due today."""
    connection = await database.connect()
    await connection.execute(PLACES, COMMUNES)
    await connection.execute(CITIES)
    await connection.execute(SALES, SALES_PER_COMMUNE)
    await connection.execute(CLIENTS, clients, ADDRESSES, COMMUNES)
    await connection.execute("vacuum analyze")
    await connection.execute("checkpoint")


def write_places(folder: Path) -> Path:
    """The same communes as a file that the scraper reads."""
    path = folder / "places.csv"
    path.write_text("\n".join([_HEADINGS, *_lines()]) + "\n", encoding="utf-8")
    return path


def _lines() -> Sequence[str]:
    return [
        f"01{n:03},Commune {n},commune-actuelle,01{n:03},01,Ain,84,Auvergne-Rhône-Alpes,5000,,,metro"
        for n in range(1, COMMUNES + 1)
    ]
