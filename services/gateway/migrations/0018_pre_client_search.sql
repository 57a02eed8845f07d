-- migrate:up
set local role gateway_owner;

-- Lower case without accents, whatever the database's own locale makes of them.
create function gateway.folded(words text) returns text
language sql immutable strict parallel safe
return lower(regexp_replace(
  normalize(translate(replace(replace(replace(replace(words, 'œ', 'oe'), 'Œ', 'OE'), 'æ', 'ae'), 'Æ', 'AE'),
                      '’', ''''), NFKD),
  '[\u0300-\u036f]', '', 'g'));

-- Operators look for a client by any part of a name, a company or a mail address. It goes with its row.
alter table gateway.client add search text not null generated always as (gateway.folded(
  first_name || ' ' || last_name || ' ' || coalesce(company_name, '') || ' ' || email)) stored;
comment on column gateway.client.search is 'what a search of the console compares';

-- It names a person: the planner keeps no samples of it.
alter table gateway.client alter column search set statistics 0;

create index client_newest on gateway.client (created_at desc, id desc);

reset role;

-- migrate:down
