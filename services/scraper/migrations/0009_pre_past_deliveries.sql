-- migrate:up
set local role scraper_owner;

-- What clients received from the system before this one, address by address: `make import-history`.
create table scraper.past_delivery (
  insee_code text not null,
  door_key text not null,
  client_id uuid not null,
  delivered_at timestamptz,
  doors int check (doors >= 0),
  primary key (insee_code, door_key, client_id)
);
comment on column scraper.past_delivery.doors is
  'How many homes at this address are known; null: nobody has looked yet';

-- The assigner never gives these doors to the client again. A load looks again at all of its
-- communes, for a new file may bring other doors at the same address.
create function scraper.recall_doors(communes text[], only_new boolean) returns void
language plpgsql set search_path = scraper, public
as $$
declare
  rows jsonb;
begin
  if not exists (select from past_delivery) then
    return;
  end if;
  with past as materialized (
    select d.insee_code, d.door_key, d.client_id, d.delivered_at, code,
           substring(d.door_key from '^[0-9]+') as number
    from past_delivery d
    left join place on place.insee_code = d.insee_code
    cross join lateral unnest(coalesce(place.expands_to, array[d.insee_code])) as code
    where code = any(communes) and (not only_new or d.doors is null)
  ),
  address as materialized (
    select p.insee_code as code, p.address, array_agg(distinct p.home_key) as home_keys
    from property p
    where p.insee_code = any(communes)
      and (p.insee_code, split_part(p.address, ' ', 1)) in (select code, number from past)
    group by p.insee_code, p.address
  ),
  door as materialized (
    select code, door_key(address) as door_key, home_keys from address
  ),
  found as (
    select past.insee_code, past.door_key, past.client_id, past.delivered_at,
           array_agg(distinct home_key) filter (where home_key is not null) as home_keys
    from past
    left join door using (code, door_key)
    left join lateral unnest(door.home_keys) as home_key on true
    group by past.insee_code, past.door_key, past.client_id, past.delivered_at
  ),
  counted as (
    update past_delivery d set doors = coalesce(cardinality(found.home_keys), 0)
    from found
    where (d.insee_code, d.door_key, d.client_id)
          = (found.insee_code, found.door_key, found.client_id)
      and d.doors is distinct from coalesce(cardinality(found.home_keys), 0)
  )
  select jsonb_agg(jsonb_build_object('client_id', client_id, 'home_keys', home_keys,
                                      'assigned_at', delivered_at))
  into rows
  from found where home_keys is not null;
  if rows is not null then
    perform assigner.record_history(rows);
  end if;
end
$$;
comment on function scraper.recall_doors(text[], boolean) is
  'Tells the assigner of all doors at past addresses in these communes, or of the new ones alone';

reset role;

-- migrate:down
