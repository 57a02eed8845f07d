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

create function scraper.refuse_import(department text, years int[]) returns text
language sql stable set search_path = scraper, public
begin atomic
  select case
    when count(*) = 0 then format('No commune of the department %s is known', $1)
    when count(*) filter (where refusal is null) = 0
      then format('Sales of the department %s are not public: %s', $1, min(refusal))
    when $2 && array(select generate_series(min(year), 2013) from unnest($2) as year)
      then 'There are no public sales before 2014'
    when exists (select from unnest($2) as year
                 where year > extract(year from public.clock() at time zone 'Europe/Paris'))
      then 'There are no sales of years to come'
  end
  from scraper.place where scraper.department_of(place.insee_code) = $1;
end;
comment on function scraper.refuse_import(text, int[]) is 'Why it cannot be, or null';

create function scraper.request_import(department text, wanted_years int[] default '{}')
returns table (id uuid, state text, refusal text)
language plpgsql security definer set search_path = scraper, public
as $$
#variable_conflict use_column
declare
  first constant int := case when cardinality($2) = 0 then 0 else 9999 end;
begin
  refusal := refuse_import($1, $2);
  if refusal is not null then
    return next;
    return;
  end if;
  insert into refresh as r (insee_code, first_year, years)
  values ($1, first, array(select distinct unnest($2) order by 1))
  on conflict (insee_code) where state in ('queued', 'running')
  do update set first_year = least(r.first_year, excluded.first_year),
    years = array(select distinct unnest(r.years || excluded.years) order by 1)
  returning r.id, r.state into id, state;
  return next;
end
$$;
comment on function scraper.request_import(text, int[]) is
  'Has a department read: without years, those that a job of today needs. One that is open is'
  ' joined, and goes on to what is wanted besides';
grant execute on function scraper.request_import(text, int[]) to gateway;

reset role;

-- migrate:down
