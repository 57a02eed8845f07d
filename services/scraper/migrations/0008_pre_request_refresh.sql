-- migrate:up
set local role scraper_owner;

-- What was asked for of a city whose sales are filed under several codes: one id for all of them.
create table scraper.refresh_request (
  id uuid primary key default uuidv7(),
  insee_code text not null,
  refresh_ids uuid[] not null check (cardinality(refresh_ids) > 1),
  created_at timestamptz not null default public.clock()
);
comment on column scraper.refresh_request.insee_code is 'Of Paris, Lyon or Marseille';
create index refresh_request_city on scraper.refresh_request (insee_code, created_at);

create or replace view scraper.refresh_overview as
  select id, insee_code, state, done, total, error, created_at, updated_at from scraper.refresh
  union all
  select request.id, request.insee_code,
         case when bool_and(part.state = 'queued') then 'queued'
              when bool_or(part.state in ('queued', 'running')) then 'running'
              when bool_or(part.state = 'failed') then 'failed'
              else 'done' end,
         sum(part.done)::int, sum(part.total)::int,
         case when bool_and(part.state in ('done', 'failed')) then
           string_agg(part.insee_code || ': ' || part.error, ' ' order by part.insee_code) end,
         request.created_at, max(part.updated_at)
  from scraper.refresh_request as request
  join scraper.refresh as part on part.id = any(request.refresh_ids)
  group by request.id;

create function scraper.request_refresh(insee_code text)
returns table (id uuid, refusal text)
language plpgsql security definer set search_path = scraper, public
as $$
#variable_conflict use_column
declare
  codes text[];
  opened uuid[];
begin
  select coalesce(place.expands_to, array[place.insee_code]), place.refusal into codes, refusal
  from place where place.insee_code = $1;
  if not found then
    return;
  end if;
  if refusal is null then
    -- Two at once share what the first has opened.
    perform pg_advisory_xact_lock(hashtextextended('scraper.request_refresh:' || $1, 0));
    select request.id into id
    from refresh_request as request
    where request.insee_code = $1
      and exists (select from refresh as part
                  where part.id = any(request.refresh_ids) and part.state in ('queued', 'running'))
    order by request.created_at desc limit 1;
  end if;
  if refusal is null and id is null then
    with shared as (
      insert into refresh as r (insee_code, first_year)
      select code, 0 from unnest(codes) as code order by code
      on conflict (insee_code) where state in ('queued', 'running')
      do update set first_year = r.first_year
      returning r.id
    )
    select array_agg(shared.id) into opened from shared;
    id := opened[1];
    if cardinality(opened) > 1 then
      insert into refresh_request as request (insee_code, refresh_ids) values ($1, opened)
      returning request.id into id;
    end if;
  end if;
  return next;
end
$$;
comment on function scraper.request_refresh(text) is
  'Has a city read anew, however fresh it is: the years that a job of today needs. A refresh that is'
  ' open is joined. No row for a city that nobody knows; a refusal says why its sales cannot be read.';
grant execute on function scraper.request_refresh(text) to gateway;

reset role;

-- migrate:down
