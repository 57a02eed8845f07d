-- migrate:up
set local role gateway_owner;

-- The first movement of a transaction numbers them all, by one statement; the others find
-- themselves numbered. Nobody else's are seen without a number: whoever commits has numbered.
create index movement_unnumbered on gateway.movement (id) where seq is null;

create or replace function gateway.number_movement() returns trigger
language plpgsql
as $$
begin
  if exists (select from gateway.movement where id = new.id and seq is null) then
    perform pg_advisory_xact_lock(hashtextextended('gateway.movement', 0));
    update gateway.movement
    set seq = numbered.seq
    from (
      select id, nextval('gateway.movement_seq') as seq
      from (select id from gateway.movement where seq is null order by id) as unnumbered
    ) as numbered
    where movement.id = numbered.id;
  end if;
  return null;
end
$$;

reset role;

-- migrate:down
