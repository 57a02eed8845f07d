-- migrate:up
set local role scheduler_owner;

-- Since when days are due follows from the loop's own ticks, not from those of a hand.
create or replace view scheduler.tick_overview as
select kind, due_on, state, late, created_at, requested from scheduler.tick;

reset role;

-- migrate:down
