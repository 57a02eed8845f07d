-- migrate:up
set local role assigner_owner;

-- The planner keeps samples of what it has seen in a column, for as long as it likes: not of words
-- that may name a person.
do $$
declare
  place record;
begin
  for place in
    select * from (values
      ('follow_up', 'notes'), ('follow_up', 'sale_horizon'), ('follow_up_history', 'notes'),
      ('follow_up_history', 'sale_horizon'), ('reset_assignment', 'follow_up'),
      ('reset_assignment', 'history')
    ) as place (in_table, in_column)
  loop
    execute format('alter table assigner.%I alter column %I set statistics 0', place.in_table, place.in_column);
    perform pg_clear_attribute_stats('assigner', place.in_table, place.in_column, false);
  end loop;
end
$$;

reset role;

-- migrate:down
