-- migrate:up
set local role notifier_owner;

-- The planner keeps samples of what it has seen in a column, for as long as it likes: not of words
-- that may name a person.
do $$
declare
  place record;
begin
  for place in
    select * from (values
      ('mail', 'detail'), ('mail', 'evidence'), ('mail_attempt', 'reply'),
      ('mail_content', 'recipient'), ('mail_content', 'subject'), ('mail_content', 'headers'),
      ('mail_content', 'text_body'), ('mail_content', 'html_body'),
      ('preview', 'recipient'), ('preview', 'subject'), ('preview', 'headers'),
      ('preview', 'text_body'), ('preview', 'html_body')
    ) as place (in_table, in_column)
  loop
    execute format('alter table notifier.%I alter column %I set statistics 0', place.in_table, place.in_column);
    perform pg_clear_attribute_stats('notifier', place.in_table, place.in_column, false);
  end loop;
end
$$;

reset role;

-- migrate:down
