-- migrate:up
set local role notifier_owner;

create function notifier.adopt_test_mails(client_id uuid, recipient text) returns void
language sql security definer set search_path = notifier, public
as $$
  update mail set client_id = $1
  from (select id from mail
        where kind = 'test' and not blanked and mail.client_id is null
          and lower(detail ->> 'recipient') = lower($2)
        order by id for update) as theirs -- in the senders' order, so that none waits for another
  where mail.id = theirs.id
$$;
comment on function notifier.adopt_test_mails(uuid, text) is
  'Test mails to this address are this client''s: they are forgotten with it, though they went out'
  ' before it was one.';

grant execute on function notifier.adopt_test_mails(uuid, text) to gateway;
reset role;

-- migrate:down
