-- migrate:up
set local role notifier_owner;

-- The planner keeps samples of what it has seen in a column, for as long as it likes: not of what
-- mails say and to whom, or an erasure would leave it behind.
do $$
declare
  spoken record;
begin
  for spoken in
    select in_table, in_column from (values
      ('mail', 'detail'), ('mail', 'evidence'), ('mail_attempt', 'reply'),
      ('mail_content', 'recipient'), ('mail_content', 'subject'), ('mail_content', 'headers'),
      ('mail_content', 'text_body'), ('mail_content', 'html_body'),
      ('preview', 'recipient'), ('preview', 'subject'), ('preview', 'headers'),
      ('preview', 'text_body'), ('preview', 'html_body')
    ) as personal (in_table, in_column)
  loop
    execute format('alter table notifier.%I alter column %I set statistics 0', spoken.in_table, spoken.in_column);
    perform pg_clear_attribute_stats('notifier', spoken.in_table, spoken.in_column, false);
  end loop;
end
$$;

reset role;

-- migrate:down
