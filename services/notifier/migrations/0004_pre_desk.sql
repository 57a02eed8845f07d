-- migrate:up
set local role notifier_owner;

-- What operators and clients do with mails, through the gateway and in its transaction.

create view notifier.suppressed as
  select client_id, reason, created_at as suppressed_at from notifier.suppression;

create function notifier.suppress(client_id uuid, reason text) returns boolean
language sql security definer set search_path = notifier, public
as $$
  with added as (
    insert into suppression (client_id, reason) values ($1, $2)
    on conflict do nothing
    returning true
  )
  select exists (select from added)
$$;
comment on function notifier.suppress(uuid, text) is
  'No notices and notifications to this client from now on; whether that is new.';

create function notifier.resume(client_id uuid) returns boolean
language sql security definer set search_path = notifier, public
as $$
  with ended as (delete from suppression where suppression.client_id = $1 returning true)
  select exists (select from ended)
$$;
comment on function notifier.resume(uuid) is
  'The next notices and notifications go out again; whether that is new.';

create function notifier.resolve(mail_id uuid, verdict text, traceparent text default null)
returns table (result text, state text)
language plpgsql security definer set search_path = notifier, public
as $$
#variable_conflict use_column
declare
  doubt mail;
  of_job boolean;
begin
  if $2 not in ('sent', 'resend') then
    raise exception 'a mail in doubt is settled as sent or sent again, not %', $2;
  end if;
  select * into doubt from mail where mail.id = $1 for update;
  state := doubt.state;
  result := case when doubt.id is null then 'missing'
                 when doubt.state <> 'unknown' then 'settled'
                 when $2 = 'resend' and doubt.blanked then 'blanked'
                 else 'done' end;
  if result = 'done' and $2 = 'resend' then
    update mail
    set state = 'pending', next_try_at = public.clock(), tries = 0,
        give_up_at = public.clock() + interval '24 hours',
        traceparent = coalesce($3, mail.traceparent), updated_at = public.clock()
    where mail.id = $1
    returning mail.state into state;
  elsif result = 'done' then
    update mail
    set state = 'sent', version = mail.version + 1, updated_at = public.clock(),
        evidence = case when blanked then '' else 'settled by an operator' end
    where mail.id = $1
    returning mail.* into doubt;
    state := doubt.state;
    of_job := doubt.kind = 'notification';
    perform emit(
      'mail.settled', case when of_job then doubt.client_id else doubt.subject_id end::text,
      'trackimmo.mail.settled.v1',
      jsonb_build_object(
        'mail_id', doubt.id, 'mail_kind', doubt.kind, 'subject_id', doubt.subject_id,
        'state', doubt.state, 'version', doubt.version, 'evidence', doubt.evidence)
      || case when of_job then jsonb_build_object(
           'job_id', doubt.job_id, 'client_id', doubt.client_id, 'kind', doubt.job_kind,
           'run', doubt.run, 'ladder', doubt.ladder) else '{}' end,
      case when of_job then doubt.job_id end::text, coalesce($3, doubt.traceparent));
  end if;
  return next;
end
$$;
comment on function notifier.resolve(uuid, text, text) is
  'Settles a mail in doubt as sent, or has it sent again under the same Message-ID for 24 hours:'
  ' `done`; or `missing`, `settled` (not in doubt), `blanked` (nothing is left to send).';

grant select on notifier.suppressed to gateway;
grant execute on function notifier.suppress(uuid, text), notifier.resume(uuid),
  notifier.resolve(uuid, text, text) to gateway;
reset role;

-- migrate:down
