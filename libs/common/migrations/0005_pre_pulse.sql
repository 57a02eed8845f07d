-- migrate:up

-- Each process of a service says every few seconds that it is there, and since when its consumer has
-- made no step though it has work. `health` tells that to the gateway, with how many sessions hold
-- the relay's lock. What was published in the last 30 days is said again by one function.
do $$
declare
  service text;
begin
  foreach service in array array['scraper', 'gateway', 'assigner', 'notifier', 'scheduler'] loop
    execute format('set local role %I', service || '_owner');
    execute format($f$
      create table %1$I.pulse (
        process text primary key,
        beat_at timestamptz not null default public.clock(),
        stuck_since timestamptz
      )
    $f$, service);
    execute format($f$
      create or replace view %1$I.health as
        select (select count(*) from %1$I.outbox where published_at is null) as outbox_unpublished,
               (select min(created_at) from %1$I.outbox where published_at is null) as outbox_oldest_at,
               (select count(*) from %1$I.held_message where state = 'waiting') as held_waiting,
               (select count(*) from %1$I.held_message where state = 'dead') as held_dead,
               (select max(beat_at) from %1$I.pulse) as beat_at,
               (select min(stuck_since) from %1$I.pulse
                where beat_at > public.clock() - interval '30 seconds') as stuck_since,
               (select count(*) from pg_locks
                where locktype = 'advisory' and granted and objsubid = 2
                  and database = (select oid from pg_database where datname = current_database())
                  and classid = hashtext('relay')::oid and objid = hashtext(%1$L)::oid) as relays
    $f$, service);
    execute format($f$
      create function %1$I.replay_outbox(since timestamptz) returns bigint
      language sql security definer set search_path = %1$I, public, pg_temp
      as $r$
        with again as (
          update outbox set published_at = null
          where published_at is not null
            and created_at >= greatest(since, public.clock() - interval '30 days')
          returning id
        )
        select count(*) from again
      $r$
      $f$, service);
    execute format('comment on function %I.replay_outbox(timestamptz) is %L', service,
                   'Has what was written since then, 30 days ago at most, and published, published'
                   ' once more; says how many events. Consumers know them by their ids.');
    if service <> 'gateway' then
      execute format('grant execute on function %I.replay_outbox(timestamptz) to gateway', service);
    end if;
    reset role;
  end loop;
end $$;

-- migrate:down
