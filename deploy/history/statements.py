"""Rows to clients, places and doors, in sets, and then into the stock."""

from typing import Final

STAGE: Final = """
    create temporary table told (
      line int primary key, client_id uuid, email text not null, address text not null,
      insee text not null, postal_code text not null, city text not null, delivered_on date,
      reason text, client uuid, place text, door_key text)
"""

TAKEN: Final = """
    create temporary table taken (place text, door_key text, client uuid)
"""

TOWN: Final = """
    create function pg_temp.town(name text) returns text language sql as $$
      select coalesce(string_agg(scraper.short_word(word), ' ' order by at), '')
      from unnest(scraper.plain_words(regexp_replace(
        $1, '[[:space:]]+([0-9]+[[:space:]]*(er|e|eme|ème)?([[:space:]]+arrondissement)?|cedex.*)$', '', 'i')))
        with ordinality as named(word, at)
    $$
"""

# The names of all places, once: each under each of its postal codes.
PLACES: Final = """
    create temporary table named as
      select insee_code, unnest(postal_codes) as postal_code, pg_temp.town(name) as town,
             cardinality(coalesce(expands_to, array[insee_code])) > 1 as is_whole
      from scraper.place where search <> ''
"""

CLIENTS: Final = """
    update told set client = c.id from gateway.client c
    where told.reason is null
      and case when told.client_id is null then lower(c.email) = told.email
               else c.id = told.client_id end
"""

BY_CODE: Final = """
    with code as (
      select insee_code as code, insee_code, true as is_todays from scraper.place
      union all
      select unnest(former_codes), insee_code, false from scraper.place
    )
    update told set place = (select code.insee_code from code where code.code = told.insee
                             order by is_todays desc, code.insee_code limit 1)
    where reason is null and insee <> ''
"""

# Of Paris, Lyon and Marseille the arrondissement, where the postal code tells it. The only commune
# of a postal code needs no name.
BY_NAME: Final = """
    with found as (
      select told.line, named.insee_code, named.is_whole,
             rank() over (partition by told.line order by named.is_whole) as position
      from told join named using (postal_code)
      where told.reason is null and told.insee = ''
        and (told.city = '' or named.town = pg_temp.town(told.city))
    ),
    one as (
      select line, min(insee_code) as insee_code from found where position = 1
      group by line having count(*) = 1
    )
    update told set place = one.insee_code from one where one.line = told.line
"""

DOORS: Final = """
    update told set door_key = scraper.door_key(told.address, place.name)
    from scraper.place where told.place = place.insee_code and told.reason is null
"""

REASONS: Final = """
    update told set reason = case
      when client_id is null and email = '' then 'names no client'
      when client is null and client_id is not null then 'no client has this client_id'
      when client is null then 'no client has this mail address'
      when place is null and insee <> '' then 'no commune has this INSEE code'
      when place is null and postal_code = '' then 'names no commune'
      when place is null then 'postal code and city do not tell one commune: give its INSEE code'
      when door_key is null then 'the address names no door: one house number and its street'
      when delivered_on > (public.clock() at time zone 'Europe/Paris')::date then 'is of a day to come'
    end
    where reason is null
"""

STORE: Final = """
    insert into scraper.past_delivery (insee_code, door_key, client_id, delivered_at)
    select place, door_key, client,
           min(delivered_on)::timestamp at time zone 'Europe/Paris'
    from told where reason is null
    group by place, door_key, client
    on conflict do nothing
"""

KEEP: Final = """
    insert into taken select place, door_key, client from told where reason is null
"""

REFUSED: Final = "select line, reason from told where reason is not null order by line"

# Of whatever file: an import that was stopped is taken up.
COMMUNES: Final = """
    select distinct unnest(coalesce(place.expands_to, array[past.insee_code])) as insee_code
    from scraper.past_delivery past left join scraper.place using (insee_code)
    where past.doors is null order by 1
"""

# A load that is under way has brought doors that we cannot see: it ends first.
ALONE: Final = "select pg_advisory_xact_lock(hashtextextended('scraper.doors', 0))"

RECALL: Final = "select scraper.recall_doors($1, true)"

FOUND: Final = """
    select count(*) as taken, count(*) filter (where past.doors > 0) as found
    from taken join scraper.past_delivery past
      on (past.insee_code, past.door_key, past.client_id)
         = (taken.place, taken.door_key, taken.client)
"""
