"""How staged rows enter a stock that knows their communes already."""

from typing import Final

NOW: Final = "select public.clock()"

# What the stock has of the year: each commune with its live sales as one number.
HELD: Final = """
    select insee_code, count(*) filter (where vanished_at is null) as sales,
           bit_xor(digest) filter (where vanished_at is null) as digest
    from property
    where insee_code = any($1::text[]) and sold_on between $2 and $3
    group by insee_code
"""

# Those of which the stock has nothing, in any year.
UNKNOWN: Final = """
    select code from unnest($1::text[]) as code
    where not exists (select from property where insee_code = code)
"""

STAGE: Final = """
    create temporary table if not exists sale_staging (like scraper.sale_staging) on commit drop
"""

# A sale that the stock has already: it keeps its id, vanished before or not.
MATCH: Final = """
    update sale_staging s set property_id = p.property_id
    from property p
    where p.sale_key = s.sale_key
      and p.insee_code = any($1::text[]) and p.sold_on between $2 and $3
"""

# A revised vintage tells a sale differently: what stands at the same door on the same day instead
# of a row that this file has no longer takes over its id.
REPLACE: Final = """
    with told_anew as (
      select sale_key, home_key, sold_on,
             row_number() over (partition by home_key, sold_on order by sale_key) as position
      from sale_staging where property_id is null
    ),
    gone as (
      select property_id, home_key, sold_on,
             row_number() over (partition by home_key, sold_on
                                order by vanished_at desc nulls first, property_id) as position
      from property p
      where insee_code = any($1::text[]) and sold_on between $2 and $3
        and not exists (select from sale_staging s where s.property_id = p.property_id)
    )
    update sale_staging s set property_id = gone.property_id
    from told_anew join gone using (home_key, sold_on, position)
    where s.sale_key = told_anew.sale_key
"""

# What another publisher does not tell is kept: raw files have no coordinates. A row that stands
# otherwise beside the others is off the offer until they have been judged again; the rest, nearly
# all, is written once. Returns the communes that must be judged.
REVISE: Final = """
    with revised as (
      update property p
      set sale_key = s.sale_key, home_key = s.home_key, sold_on = s.sold_on, kind = s.kind,
        offered = s.offered, postable = s.postable, vanished_at = null,
        superseded = p.superseded
          or (p.home_key, p.sold_on, p.offered, p.postable, p.own_keys, p.covered_keys, p.vanished_at)
             is distinct from
             (s.home_key, s.sold_on, s.offered, s.postable, s.own_keys, s.covered_keys, null),
        address = s.address, postal_code = coalesce(nullif(s.postal_code, ''), p.postal_code),
        city_name = s.city_name, price_eur = s.price_eur, surface_m2 = s.surface_m2,
        rooms = s.rooms, land_m2 = s.land_m2,
        latitude = coalesce(s.latitude, p.latitude), longitude = coalesce(s.longitude, p.longitude),
        new_build = s.new_build, suspect = s.suspect, own_keys = s.own_keys,
        covered_keys = s.covered_keys, source = s.source, edition = s.edition,
        file_sha256 = s.file_sha256, line = s.line, digest = s.digest, loaded_at = s.loaded_at
      from sale_staging s
      where p.property_id = s.property_id
        and (p.digest is distinct from s.digest or p.vanished_at is not null)
      returning s.insee_code,
        (old.home_key, old.sold_on, old.offered, old.postable, old.own_keys, old.covered_keys,
         old.vanished_at)
        is distinct from
        (new.home_key, new.sold_on, new.offered, new.postable, new.own_keys, new.covered_keys,
         null) as stands_otherwise
    )
    select distinct insee_code from revised where stands_otherwise
"""

TOMBSTONE: Final = """
    with vanished as (
      update property p set vanished_at = public.clock()
      where insee_code = any($1::text[]) and sold_on between $2 and $3 and vanished_at is null
        and not exists (select from sale_staging s where s.sale_key = p.sale_key)
      returning insee_code
    )
    select distinct insee_code from vanished
"""

# A row may have gone on with another telling's id: then the id that this one would have is taken.
ADD: Final = """
    with added as (
      insert into property (
        property_id, sale_key, home_key, insee_code, sold_on, kind, offered, postable, superseded,
        address, postal_code, city_name, price_eur, surface_m2, rooms, land_m2, latitude, longitude,
        new_build, suspect, own_keys, covered_keys, source, edition, file_sha256, line, digest,
        loaded_at)
      select case when exists (select from property taken where taken.property_id = s.sale_key)
                  then uuidv7() else s.sale_key end,
             s.sale_key, s.home_key, s.insee_code, s.sold_on, s.kind, s.offered, s.postable, true,
             s.address, s.postal_code, s.city_name, s.price_eur, s.surface_m2, s.rooms, s.land_m2,
             s.latitude, s.longitude, s.new_build, s.suspect, s.own_keys, s.covered_keys, s.source,
             s.edition, s.file_sha256, s.line, s.digest, s.loaded_at
      from sale_staging s
      where s.property_id is null
      returning insee_code
    )
    select distinct insee_code from added
"""

# How many live sales each commune has, to judge as many together as memory holds.
SIZES: Final = """
    select insee_code, count(*) as sales from property
    where insee_code = any($1::text[]) and vanished_at is null
    group by insee_code order by insee_code
"""

LIVE: Final = """
    select property_id, superseded, sale_key, home_key, sold_on, offered, postable, own_keys,
           covered_keys
    from property where insee_code = any($1::text[]) and vanished_at is null
"""

SENTENCE: Final = """
    update property set superseded = $2 where property_id = any($1::uuid[])
"""

COVER_OPPOSED: Final = "select cover_doors(null, $1)"
