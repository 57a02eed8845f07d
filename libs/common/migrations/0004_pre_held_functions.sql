-- migrate:up

-- A dead letter is shown with its bytes, and a person has it tried again or lays it aside: by two
-- functions, the same in every schema, each of which returns the state it found.
do $$
declare
  service text;
begin
  foreach service in array array['scraper', 'gateway', 'assigner', 'notifier', 'scheduler'] loop
    execute format('set local role %I', service || '_owner');
    execute format('alter table %I.held_message add column replays int not null default 0', service);
    execute format('create index held_dead on %I.held_message (created_at) where state = %L',
                   service, 'dead');
    execute format($f$
      create or replace view %1$I.held as
        select id, consumer, event_id, topic, partition, "offset", reason, error, attempts, state,
               next_attempt_at, created_at, updated_at, key, headers, raw, replays
        from %1$I.held_message
      $f$, service);

    -- Whoever is trying the message at this moment holds its row: nobody waits long for that.
    execute format($f$
      create function %1$I.replay_held(held_id uuid) returns text
      language plpgsql security definer set search_path = %1$I, public set lock_timeout = '2s'
      as $p$
      declare
        found_in text;
      begin
        select state into found_in from held_message where id = held_id for update;
        if found_in = 'dead' then
          update held_message
          set state = 'waiting', next_attempt_at = public.clock(), attempts = 0,
              replays = replays + 1, updated_at = public.clock()
          where id = held_id;
        end if;
        return found_in;
      exception when lock_not_available then
        return 'busy';
      end
      $p$
      $f$, service);
    execute format($f$
      create function %1$I.discard_held(held_id uuid) returns text
      language plpgsql security definer set search_path = %1$I, public set lock_timeout = '2s'
      as $p$
      declare
        found_in text;
      begin
        select state into found_in from held_message where id = held_id for update;
        if found_in in ('dead', 'waiting') then
          update held_message
          set state = 'discarded', next_attempt_at = null, updated_at = public.clock()
          where id = held_id;
        end if;
        return found_in;
      exception when lock_not_available then
        return 'busy';
      end
      $p$
      $f$, service);
    execute format('comment on function %I.replay_held(uuid) is %L', service,
                   'Has a dead letter tried again at once, on a new ladder: `dead` if it was one;'
                   ' else the state that it stays in, `busy` while it is being tried, null for none.');
    execute format('comment on function %I.discard_held(uuid) is %L', service,
                   'Has a held message never tried again: `dead` or `waiting` if it could still be;'
                   ' else the state that it stays in, `busy` while it is being tried, null for none.');
    if service <> 'gateway' then
      execute format('grant execute on function %1$I.replay_held(uuid), %1$I.discard_held(uuid) to gateway',
                     service);
    end if;
    reset role;
  end loop;
end $$;

-- migrate:down
