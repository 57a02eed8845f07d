-- migrate:up
set local role scraper_owner;

alter table scraper.refresh add column years int[] not null default '{}';
comment on column scraper.refresh.insee_code is 'Of a commune; or a department''s: then an import of it';
comment on column scraper.refresh.first_year is
  'From it to this year all are wanted. 0: from the first that a job of today looks at, which the'
  ' scraper''s settings tell; 9999: `years` alone';
comment on column scraper.refresh.years is 'Wanted besides';

create function scraper.department_of(insee_code text) returns text
language sql immutable strict parallel safe
return left(insee_code, case when insee_code ~ '^9[78]' then 3 else 2 end);

create function scraper.request_import(department text, wanted_years int[] default '{}')
returns table (id uuid, state text, field text, refusal text)
language plpgsql security definer set search_path = scraper, public
as $$
#variable_conflict use_column
declare
  this_year constant int := extract(year from public.clock() at time zone 'Europe/Paris');
begin
  select 'department',
         case when count(*) = 0 then format('No commune of the department %s is known', $1)
              when bool_and(place.refusal is not null)
              then format('Sales of the department %s are not public: %s', $1, min(place.refusal))
         end
  into field, refusal
  from place where scraper.department_of(place.insee_code) = $1;
  if refusal is null and exists (select from unnest($2) as year
                                 where year not between 2014 and this_year) then
    select 'years', format('There are public sales of 2014 to %s', this_year) into field, refusal;
  end if;
  if refusal is null then
    insert into refresh as r (insee_code, first_year, years)
    values ($1, case when cardinality($2) = 0 then 0 else 9999 end,
            array(select distinct unnest($2) order by 1))
    on conflict (insee_code) where state in ('queued', 'running')
    do update set first_year = least(r.first_year, excluded.first_year),
      years = array(select distinct unnest(r.years || excluded.years) order by 1)
    returning r.id, r.state into id, state;
  end if;
  return next;
end
$$;
comment on function scraper.request_import(text, int[]) is
  'Has a department read: without years, those that a job of today needs. One that is open is'
  ' joined, and goes on to what is wanted besides. A refusal says which `field` is wrong, and why.';
grant execute on function scraper.request_import(text, int[]) to gateway;

reset role;

-- migrate:down
