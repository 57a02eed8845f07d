-- migrate:up
set local role notifier_owner;

-- One row is one mail for ever: whoever asks again finds it. `id` is derived from the key, and
-- Message-ID from `id`, so every attempt at a mail looks the same to every server.
create table notifier.mail (
  id uuid primary key,
  kind text not null
    check (kind in ('notification', 'insufficient', 'error', 'monthly', 'welcome', 'test')),
  subject_id uuid not null,
  period text not null default '',
  message_id text not null unique,
  client_id uuid,
  job_id uuid,
  job_kind text check (job_kind in ('scheduled', 'process', 'add', 'test')),
  run int,
  ladder int,
  detail jsonb not null default '{}',
  state text not null default 'pending'
    check (state in ('pending', 'claimed', 'handing_off', 'sent', 'failed', 'unknown', 'suppressed')),
  version int not null default 0,
  attempts int not null default 0,
  tries int not null default 0, -- attempts since it was last asked for: they decide the next wait
  next_try_at timestamptz,
  give_up_at timestamptz not null,
  lease_until timestamptz,
  fence bigint not null default 0,
  evidence text not null default '',
  blanked boolean not null default false,
  created_at timestamptz not null default public.clock(),
  updated_at timestamptz not null default public.clock(),
  unique (kind, subject_id, period),
  check ((state = 'pending') = (next_try_at is not null)),
  check ((state in ('claimed', 'handing_off')) = (lease_until is not null)),
  check (version > 0 or state in ('pending', 'claimed', 'handing_off')),
  check (kind not in ('notification', 'insufficient', 'error')
         or num_nonnulls(client_id, job_id, job_kind, run, ladder) = 5)
);
create index mail_due on notifier.mail (next_try_at) where state = 'pending';
create index mail_leased on notifier.mail (lease_until) where state in ('claimed', 'handing_off');
create index mail_client on notifier.mail (client_id);
create index mail_created on notifier.mail (created_at);

-- The mail as handed over. Kept 90 days, for an erased client not at all.
create table notifier.mail_content (
  mail_id uuid primary key references notifier.mail (id),
  recipient text not null,
  subject text not null,
  headers jsonb not null,
  text_body text not null,
  html_body text not null,
  rendered_at timestamptz not null default public.clock()
);
create index mail_content_rendered on notifier.mail_content (rendered_at);

-- One try each: the verb at which it ended and the server's own words.
create table notifier.mail_attempt (
  mail_id uuid not null references notifier.mail (id),
  number int not null,
  verb text not null,
  code int,
  reply text not null,
  duration_ms int not null,
  outcome text not null check (outcome in ('sent', 'failed', 'unknown', 'suppressed', 'pending')),
  tried_at timestamptz not null default public.clock(),
  primary key (mail_id, number)
);

-- Clients who want no notices and notifications; their deliveries go on.
create table notifier.suppression (
  client_id uuid primary key,
  reason text not null,
  created_at timestamptz not null default public.clock()
);

create table notifier.tick_handled (
  kind text not null,
  due_on date not null,
  handled_at timestamptz not null default public.clock(),
  clients int not null,
  primary key (kind, due_on)
);

create view notifier.mail_overview as
  select mail.id as mail_id, kind, subject_id, period, client_id, job_id, state, version, attempts,
         next_try_at, evidence as last_reply, message_id, created_at, updated_at
  from notifier.mail;

create view notifier.mail_detail as
  select overview.*, content.recipient, content.subject, content.headers, content.text_body,
         content.html_body, content.rendered_at,
         coalesce((select jsonb_agg(to_jsonb(attempt) - 'mail_id' order by attempt.number)
                   from notifier.mail_attempt as attempt
                   where attempt.mail_id = overview.mail_id), '[]') as tries
  from notifier.mail_overview as overview
  left join notifier.mail_content as content using (mail_id);

grant select on notifier.mail_overview, notifier.mail_detail, notifier.tick_handled to gateway;
reset role;

-- migrate:down
