-- migrate:up
set local role notifier_owner;

-- Operators look for the few that did not arrive, among all that did.
create index mail_astray on notifier.mail (created_at desc, id)
  where state in ('failed', 'unknown', 'suppressed');

reset role;

-- migrate:down
