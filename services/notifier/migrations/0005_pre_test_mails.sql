-- migrate:up
set local role notifier_owner;

-- How this installation sends, without secrets: the notifier writes it when it starts.
create table notifier.sending (
  only_row boolean primary key default true check (only_row),
  smtp_server text not null,
  smtp_port int not null,
  smtp_security text not null,
  with_login boolean not null,
  email_sender text not null,
  id_domain text not null,
  told_at timestamptz not null default public.clock()
);
create view notifier.smtp_config as
  select smtp_server, smtp_port, smtp_security, with_login, email_sender, told_at
  from notifier.sending;

create index mail_test on notifier.mail (created_at) where kind = 'test' and not blanked;

create function notifier.request_test_mail(
  recipient text, template_type text, client_id uuid default null, traceparent text default null)
returns uuid
language plpgsql security definer set search_path = notifier, public
as $$
declare
  request constant uuid := uuidv7();
begin
  insert into mail (id, kind, subject_id, message_id, client_id, detail, traceparent, next_try_at,
                    give_up_at)
  values (request, 'test', request,
          format('<%s@%s>', request, coalesce((select id_domain from sending), 'localhost')), $3,
          jsonb_build_object('template_type', $2, 'recipient', $1), coalesce($4, ''),
          public.clock(), public.clock() + interval '24 hours');
  return request;
end
$$;
comment on function notifier.request_test_mail(text, text, uuid, text) is
  'Has a sample of a mail sent to this recipient, who may be a client''s own address: then erasing'
  ' the client blanks it. The id of the mail.';

grant select on notifier.smtp_config to gateway;
grant execute on function notifier.request_test_mail(text, text, uuid, text) to gateway;
reset role;

-- migrate:down
