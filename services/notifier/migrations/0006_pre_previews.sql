-- migrate:up
set local role notifier_owner;

-- A mail as it would be, for whoever asked to see it: written by the notifier, sent to nobody.
create table notifier.preview (
  id uuid primary key default uuidv7(),
  kind text not null
    check (kind in ('notification', 'insufficient', 'error', 'monthly', 'welcome', 'config')),
  client_id uuid,
  locale text check (locale in ('fr', 'en')),
  state text not null default 'asked' check (state in ('asked', 'ready', 'failed')),
  error text,
  recipient text,
  subject text,
  headers jsonb,
  text_body text,
  html_body text,
  sample boolean,
  asked_at timestamptz not null default public.clock(),
  check ((state = 'ready')
         = (num_nonnulls(recipient, subject, headers, text_body, html_body, sample) = 6)),
  check ((state = 'failed') = (error is not null))
);
comment on column notifier.preview.sample is 'whether it tells invented facts, where there are none yet';
create index preview_asked on notifier.preview (asked_at);
create index preview_waiting on notifier.preview (id) where state = 'asked';

create view notifier.mail_preview as
  select id as preview_id, kind, client_id, state, error, recipient, subject, headers, text_body,
         html_body, sample, asked_at
  from notifier.preview;

create function notifier.request_preview(kind text, client_id uuid, locale text) returns uuid
language sql security definer set search_path = notifier, public
as $$
  insert into preview (kind, client_id, locale) values ($1, $2, $3) returning id
$$;
comment on function notifier.request_preview(text, uuid, text) is
  'Has a mail written as it would be, for this client or (null) for an invented one, in the'
  ' client''s language or (not null) in this one. `mail_preview` shows it for an hour.';

grant select on notifier.mail_preview to gateway;
grant execute on function notifier.request_preview(text, uuid, text) to gateway;
reset role;

-- migrate:down
