-- migrate:up
set local role scraper_owner;

-- What people write and what the files print, brought to one form: of 12 bis, r. de la République and
-- 12 B RUE DE LA REPUBLIQUE only the case for telling doors apart is left. Coarser than the street in
-- a `home_key`, which is kept for ever and so stays as it is.
create function scraper.plain_words(line text) returns text[]
language sql immutable strict parallel safe
return string_to_array(trim(regexp_replace(upper(
  case when octet_length(line) = length(line) then line
       else regexp_replace(
         normalize(replace(replace(replace(replace(line, 'œ', 'oe'), 'Œ', 'OE'), 'æ', 'ae'), 'Æ', 'AE'), NFKD),
         '[\u0300-\u036f]', '', 'g') end), '[^A-Z0-9]+', ' ', 'g')), ' ');

-- One function for all words of a line, with the words as a constant: a call for each took ten times
-- as long.
create function scraper.short_words(words text[]) returns text[]
language plpgsql immutable strict parallel safe
as $$
declare
  short constant jsonb := '{
    "RUE": "R", "AVENUE": "AV", "AVE": "AV", "BOULEVARD": "BD", "BLD": "BD", "BVD": "BD",
    "BLVD": "BD", "BOUL": "BD", "ALLEE": "ALL", "ALLEES": "ALL", "CHEMIN": "CHE", "CHEM": "CHE",
    "CH": "CHE", "CHEMINS": "CHE", "COURS": "CRS", "HAMEAU": "HAM", "IMPASSE": "IMP",
    "LOTISSEMENT": "LOT", "PLACE": "PL", "RESIDENCE": "RES", "ROUTE": "RTE", "SQUARE": "SQ",
    "PASSAGE": "PAS", "PASS": "PAS", "QU": "QUAI", "RUELLE": "RLE", "FAUBOURG": "FG", "FBG": "FG",
    "MONTEE": "MTE", "SENTIER": "SEN", "SENTE": "SEN", "TRAVERSE": "TRA", "VILLAGE": "VGE",
    "QUARTIER": "QUA", "DOMAINE": "DOM", "ESPLANADE": "ESP", "PROMENADE": "PROM", "VENELLE": "VEN",
    "SAINT": "ST", "SAINTE": "STE", "DOCTEUR": "DR", "DOC": "DR", "GENERAL": "GAL", "GEN": "GAL",
    "MARECHAL": "MAL", "COLONEL": "COL", "CAPITAINE": "CNE", "COMMANDANT": "CDT",
    "LIEUTENANT": "LT", "PRESIDENT": "PDT", "PROFESSEUR": "PROF", "MONSEIGNEUR": "MGR",
    "AMIRAL": "AML", "HUIT": "8", "ONZE": "11", "QUATORZE": "14", "PREMIER": "1"
  }';
begin
  for at in 1 .. cardinality(words) loop
    words[at] := coalesce(short ->> words[at], words[at]);
    if words[at] ~ '^[0-9]+(ER|ERE|E|EME|IEME)$' then
      words[at] := rtrim(words[at], 'EIMR');
    end if;
  end loop;
  return words;
end
$$;

create function scraper.short_word(word text) returns text
language sql immutable strict parallel safe
return (scraper.short_words(array[word]))[1];

create function scraper.is_way(word text) returns boolean
language sql immutable strict parallel safe
return scraper.short_word(word) = any('{R,AV,BD,ALL,CHE,CRS,HAM,IMP,LOT,PL,RES,RTE,SQ,PAS,QUAI,RLE,FG,MTE,SEN,TRA,VGE,
QUA,DOM,ESP,PROM,VEN,VOIE,COUR,CITE,VILLA,PARC,CLOS,COTE,GRANDE,GRAND,ANCIEN,ANCIENNE,VIEUX,VIEILLE,ROND,VC,CR}'::text[])
  and word not in ('R', 'CR');

-- Loops and plain expressions: a query for each step took ten times as long.
create function scraper.door_key(address text, city text default '') returns text
language plpgsql immutable strict parallel safe
as $$
declare
  articles constant text[] := '{DE,DU,DES,D,LA,LE,LES,L,AU,AUX,A,ET}';
  first constant text := '^\s*(n(o|°|º|um[eé]ro)?[. ]*)?[0-9]{1,4}([^0-9]|$).*[[:alpha:]]';
  line text := address;
  part text;
  word text;
  words text[];
  town text[];
  number text;
  suffix text;
  kept text := '';
  at int;
begin
  -- The postal code and what follows it, if a door stands before.
  if line ~ '[0-9]{5}' then
    at := regexp_instr(line, '\m([Ff][- ]*)?[0-9]{5}\M');
    if at > 1 and left(line, at - 1) ~ '[0-9].*[[:alpha:]]' then
      line := left(line, at - 1);
    end if;
  end if;
  -- Several numbers are several doors.
  if line ~* '^\s*[0-9]+\s*[a-z]?(\s*[-–/&]\s*|\s+(a|à|et)\s+)[0-9]+' then
    return null;
  end if;
  -- The flat, the building, the city may stand beside it between commas.
  if line ~ '[,;|\n\r\t]|\s[-–]\s' then
    line := regexp_replace(line, '^\s*([0-9]+)\s*(bis|ter|quater|quinquies|[a-z])?\s*,', '\1 \2 ', 'i');
    foreach word in array regexp_split_to_array(line, '[,;|\n\r\t]+|\s[-–]\s') loop
      if part is null and word ~* first then
        part := word;
      end if;
    end loop;
  elsif line ~* first then
    part := line;
  end if;
  if part is null then
    return null;
  end if;
  if part !~ '^\s*[0-9]' then
    part := regexp_replace(part, '^\s*n(o|°|º|um[eé]ro)?[. ]*(?=[0-9])', '', 'i');
  end if;
  words := scraper.plain_words(part);
  if words[1] !~ '^0*[1-9][0-9]{0,3}(BIS|TER|QUATER|QUINQUIES|[A-Z])?$' then
    return null;
  end if;
  suffix := ltrim(words[1], '0123456789');
  number := ltrim(left(words[1], length(words[1]) - length(suffix)), '0');
  words := words[2:];
  if suffix = '' and cardinality(words) > 1 and (
    words[1] in ('BIS', 'TER', 'QUATER', 'QUINQUIES')
    or length(words[1]) = 1 and words[1] between 'A' and 'Z' and (
      words[1] not in ('D', 'L', 'R') or scraper.is_way(words[2])
      or words[1] in ('D', 'L') and words[2] in ('LE', 'LA', 'LES'))
  ) then
    suffix := words[1];
    words := words[2:];
  end if;
  suffix := case suffix when 'BIS' then 'B' when 'TER' then 'T' when 'QUATER' then 'Q'
                        when 'QUINQUIES' then 'C' else suffix end;
  if words[1] ~ '^[0-9]{5}$' then
    return null;
  end if;
  -- A flat or a building behind the street: one or two words more.
  for at in greatest(3, cardinality(words) - 2) .. cardinality(words) loop
    if words[at] in ('APPARTEMENT', 'APPT', 'APT', 'BATIMENT', 'BAT', 'ESCALIER', 'CEDEX') then
      words := words[:at - 1];
      exit;
    end if;
  end loop;
  words := scraper.short_words(words);
  -- The city without a comma; not in `12 rue de Lyon`.
  if city <> '' then
    town := scraper.short_words(scraper.plain_words(
      regexp_replace(city, ' [0-9]+er?[ ]+arrondissement$', '', 'i')));
    at := cardinality(words) - cardinality(town);
    if at >= 2 and words[at + 1:] = town and words[at] <> all(articles)
       and words[at] not in ('VERS', 'SUR', 'SOUS', 'EN', 'LEZ') then
      words := words[:at];
    end if;
  end if;
  if cardinality(words) = 1
     and words[1] in ('R', 'AV', 'BD', 'ALL', 'CHE', 'IMP', 'RTE', 'PAS', 'SQ', 'QUAI') then
    return null;
  end if;
  foreach word in array words loop
    if word <> all(articles) then
      kept := kept || ' ' || word;
    end if;
  end loop;
  if kept !~ '[A-Z]' then
    return null;
  end if;
  return number || suffix || replace(kept, ' NOTRE DAME', ' ND');
end
$$;
comment on function scraper.door_key(text, text) is
  'One form for all ways to write a number and a street; null without them. The city may follow.';

alter table scraper.opposition
  add column door_key text;
update scraper.opposition set door_key = coalesce(scraper.door_key(address), id::text);
alter table scraper.opposition
  alter column door_key set not null,
  add constraint opposition_once unique (insee_code, door_key);
comment on table scraper.opposition is
  'What must not be offered: about a person, so it is kept here and nowhere else';

-- Two oppositions may cover a door, one of Paris and one of its arrondissement: each stands alone.
alter table scraper.opposed_door
  drop constraint opposed_door_pkey,
  add primary key (home_key, opposition_id);
create or replace view scraper.opposed as
  select home_key from scraper.opposed_door group by home_key;

-- A load covers what it has brought, an opposition what has been there: neither must miss the other.
-- A load shares the lock until its commit, an opposition has it alone.
create function scraper.cover_doors(wanted uuid, communes text[]) returns void
language plpgsql set search_path = scraper, public
as $$
begin
  if wanted is null then
    perform pg_advisory_xact_lock_shared(hashtextextended('scraper.doors', 0));
  else
    perform pg_advisory_xact_lock(hashtextextended('scraper.doors', 0));
    select coalesce(place.expands_to, array[o.insee_code]) into communes
    from opposition o left join place on place.insee_code = o.insee_code where o.id = wanted;
  end if;
  -- Few addresses have a number that is asked for: of those alone the key is worked out.
  with told as materialized (
    select o.id, o.door_key, code, substring(o.door_key from '^[0-9]+') as number
    from opposition o
    left join place on place.insee_code = o.insee_code
    cross join lateral unnest(coalesce(place.expands_to, array[o.insee_code])) as code
    where code = any(communes) and (wanted is null or o.id = wanted)
  ),
  address as materialized (
    select p.insee_code as code, p.address, array_agg(distinct p.home_key) as home_keys
    from property p
    where p.insee_code = any(communes)
      and (p.insee_code, split_part(p.address, ' ', 1)) in (select code, number from told)
    group by p.insee_code, p.address
  ),
  door as materialized (
    select code, door_key(address) as door_key, home_keys from address
  )
  insert into opposed_door (home_key, opposition_id)
  select distinct home_key, told.id
  from told join door using (code, door_key) cross join lateral unnest(home_keys) as home_key
  on conflict do nothing;
end
$$;
comment on function scraper.cover_doors(uuid, text[]) is
  'Finds the doors of one opposition, or those of all in communes that have just been loaded';

create view scraper.opposition_overview as
  select o.id, o.insee_code, coalesce(place.name, '') as city_name, o.address, o.reason, o.created_at,
         (select count(*) from scraper.opposed_door d where d.opposition_id = o.id)::int as doors
  from scraper.opposition o
  left join scraper.place on place.insee_code = o.insee_code;
grant select on scraper.opposition_overview to gateway;

create function scraper.oppose(address text, insee text, reason text)
returns table (id uuid, is_new boolean, field text, refusal text)
language plpgsql security definer set search_path = scraper, public
as $$
#variable_conflict use_column
declare
  city text := (select name from place where insee_code = $2);
  door text := door_key($1, coalesce(city, ''));
begin
  if city is null then
    select 'insee', format('%s is the INSEE code of no commune', $2) into field, refusal;
  elsif door is null then
    select 'address', 'names no door: one house number and its street are needed,'
                      ' for example 12 bis rue de la République' into field, refusal;
  else
    insert into opposition as o (insee_code, door_key, address, reason)
    values ($2, door, $1, $3)
    on conflict (insee_code, door_key) do nothing
    returning o.id, true into id, is_new;
    if id is null then
      select o.id, false into id, is_new from opposition o where o.insee_code = $2 and o.door_key = door;
    else
      perform cover_doors(id, null);
    end if;
  end if;
  return next;
end
$$;
comment on function scraper.oppose(text, text, text) is
  'Keeps every door at this address off, known or not yet. The same address again: the same opposition.'
  ' A refusal says which `field` is wrong, and why.';

create function scraper.lift_opposition(wanted uuid) returns boolean
language plpgsql security definer set search_path = scraper, public
as $$
begin
  -- No load is about to cover a door by it.
  perform pg_advisory_xact_lock(hashtextextended('scraper.doors', 0));
  delete from opposition where id = $1;
  return found;
end
$$;
grant execute on function scraper.oppose(text, text, text), scraper.lift_opposition(uuid) to gateway;

reset role;

-- migrate:down
