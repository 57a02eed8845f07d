-- migrate:up
set local role notifier_owner;

-- Whom a mail went to and what it was called, for lists: without its parts.
create view notifier.mail_addressee as
  select mail_id, recipient, lower(split_part(recipient, '@', -1)) as domain, subject, rendered_at
  from notifier.mail_content;

create index mail_content_domain
  on notifier.mail_content (lower(split_part(recipient, '@', -1)), rendered_at desc);
-- The planner keeps no sample of whom mails go to.
alter index notifier.mail_content_domain alter column 1 set statistics 0;

-- Notifications and notices are nearly all of the mails; the other kinds are looked for among them.
create index mail_rare_kinds on notifier.mail (kind, created_at desc, id)
  where kind in ('insufficient', 'error', 'welcome', 'test');

grant select on notifier.mail_addressee to gateway;
reset role;

-- migrate:down
