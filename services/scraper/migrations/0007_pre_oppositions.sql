-- migrate:up
set local role scraper_owner;

-- What people write and what the files print, brought to one form: of 12 bis, r. de la République and
-- 12 B RUE DE LA REPUBLIQUE only the case for telling doors apart is left. Coarser than the street in
-- a `home_key`, which is kept for ever and so stays as it is.
create function scraper.plain_words(line text) returns text[]
language sql immutable strict parallel safe
return regexp_split_to_array(trim(regexp_replace(upper(regexp_replace(
  normalize(replace(replace(replace(replace(line, 'œ', 'oe'), 'Œ', 'OE'), 'æ', 'ae'), 'Æ', 'AE'), NFKD),
  '[\u0300-\u036f]', '', 'g')), '[^A-Z0-9]+', ' ', 'g')), ' ');

create function scraper.short_word(word text) returns text
language sql immutable strict parallel safe
return case word
  when 'RUE' then 'R'
  when 'AVENUE' then 'AV' when 'AVE' then 'AV'
  when 'BOULEVARD' then 'BD' when 'BLD' then 'BD' when 'BVD' then 'BD' when 'BLVD' then 'BD' when 'BOUL' then 'BD'
  when 'ALLEE' then 'ALL' when 'ALLEES' then 'ALL'
  when 'CHEMIN' then 'CHE' when 'CHEM' then 'CHE' when 'CH' then 'CHE' when 'CHEMINS' then 'CHE'
  when 'COURS' then 'CRS'
  when 'HAMEAU' then 'HAM'
  when 'IMPASSE' then 'IMP'
  when 'LOTISSEMENT' then 'LOT'
  when 'PLACE' then 'PL'
  when 'RESIDENCE' then 'RES'
  when 'ROUTE' then 'RTE'
  when 'SQUARE' then 'SQ'
  when 'PASSAGE' then 'PAS' when 'PASS' then 'PAS'
  when 'QU' then 'QUAI'
  when 'RUELLE' then 'RLE'
  when 'FAUBOURG' then 'FG' when 'FBG' then 'FG'
  when 'MONTEE' then 'MTE'
  when 'SENTIER' then 'SEN' when 'SENTE' then 'SEN'
  when 'TRAVERSE' then 'TRA'
  when 'VILLAGE' then 'VGE'
  when 'QUARTIER' then 'QUA'
  when 'DOMAINE' then 'DOM'
  when 'ESPLANADE' then 'ESP'
  when 'PROMENADE' then 'PROM'
  when 'VENELLE' then 'VEN'
  when 'SAINT' then 'ST' when 'SAINTE' then 'STE'
  when 'DOCTEUR' then 'DR' when 'DOC' then 'DR'
  when 'GENERAL' then 'GAL' when 'GEN' then 'GAL'
  when 'MARECHAL' then 'MAL'
  when 'COLONEL' then 'COL'
  when 'CAPITAINE' then 'CNE'
  when 'COMMANDANT' then 'CDT'
  when 'LIEUTENANT' then 'LT'
  when 'PRESIDENT' then 'PDT'
  when 'PROFESSEUR' then 'PROF'
  when 'MONSEIGNEUR' then 'MGR'
  when 'AMIRAL' then 'AML'
  when 'HUIT' then '8' when 'ONZE' then '11' when 'QUATORZE' then '14' when 'PREMIER' then '1'
  else regexp_replace(word, '^([0-9]+)(ER|ERE|E|EME|IEME)$', '\1')
end;

create function scraper.is_way(word text) returns boolean
language sql immutable strict parallel safe
return scraper.short_word(word) = any('{R,AV,BD,ALL,CHE,CRS,HAM,IMP,LOT,PL,RES,RTE,SQ,PAS,QUAI,RLE,FG,MTE,SEN,TRA,VGE,
QUA,DOM,ESP,PROM,VEN,VOIE,COUR,CITE,VILLA,PARC,CLOS,COTE,GRANDE,GRAND,ANCIEN,ANCIENNE,VIEUX,VIEILLE,ROND,VC,CR}'::text[])
  and word not in ('R', 'CR');

create function scraper.door_key(address text, city text default '') returns text
language plpgsql immutable strict parallel safe
as $$
declare
  articles constant text[] := '{DE,DU,DES,D,LA,LE,LES,L,AU,AUX,A,ET}';
  line text := address;
  part text;
  words text[];
  town text[] := scraper.plain_words(regexp_replace(city, ' [0-9]+er?[ ]+arrondissement$', '', 'i'));
  number text;
  suffix text := '';
  at int;
begin
  -- The postal code and what follows it, if a door stands before.
  at := regexp_instr(line, '\m([Ff][- ]*)?[0-9]{5}\M');
  if left(line, at - 1) ~ '[0-9].*[[:alpha:]]' and at > 1 then
    line := left(line, at - 1);
  end if;
  -- Several numbers are several doors.
  if line ~* '^\s*[0-9]+\s*[a-z]?(\s*[-–/&]\s*|\s+(a|à|et)\s+)[0-9]+' then
    return null;
  end if;
  line := regexp_replace(line, '^\s*([0-9]+)\s*(bis|ter|quater|quinquies|[a-z])?\s*,', '\1 \2 ', 'i');
  -- The flat, the building, the city may stand beside it between commas.
  select candidate into part
  from unnest(regexp_split_to_array(line, '[,;|\n\r\t]+|\s[-–]\s')) with ordinality as piece(candidate, place)
  where candidate ~* '^\s*(n(o|°|º|um[eé]ro)?[. ]*)?[0-9]{1,4}([^0-9]|$).*[[:alpha:]]'
  order by place limit 1;
  if part is null then
    return null;
  end if;
  words := scraper.plain_words(regexp_replace(part, '^\s*n(o|°|º|um[eé]ro)?[. ]*(?=[0-9])', '', 'i'));
  if words[1] !~ '^0*[1-9][0-9]{0,3}(BIS|TER|QUATER|QUINQUIES|[A-Z])?$' then
    return null;
  end if;
  number := ltrim(substring(words[1] from '^[0-9]+'), '0');
  suffix := substring(words[1] from '[A-Z]+$');
  words := words[2:];
  if suffix is null and cardinality(words) > 1 and (
    words[1] in ('BIS', 'TER', 'QUATER', 'QUINQUIES')
    or words[1] ~ '^[A-Z]$' and (
      words[1] not in ('D', 'L', 'R') or scraper.is_way(words[2])
      or words[1] in ('D', 'L') and words[2] in ('LE', 'LA', 'LES'))
  ) then
    suffix := words[1];
    words := words[2:];
  end if;
  suffix := case suffix when 'BIS' then 'B' when 'TER' then 'T' when 'QUATER' then 'Q'
                        when 'QUINQUIES' then 'C' else coalesce(suffix, '') end;
  if words[1] ~ '^[0-9]{5}$' then
    return null;
  end if;
  -- A flat or a building behind the street.
  at := array_position(words, (select word from unnest(words) with ordinality as w(word, place)
                               where place > 2 and word in ('APPARTEMENT', 'APPT', 'APT', 'BATIMENT', 'BAT', 'ESCALIER', 'CEDEX')
                               order by place limit 1));
  if at is not null and cardinality(words) - at <= 2 then
    words := words[:at - 1];
  end if;
  words := array(select scraper.short_word(word) from unnest(words) with ordinality as w(word, place) order by place);
  town := array(select scraper.short_word(word) from unnest(town) with ordinality as w(word, place) order by place);
  -- The city without a comma; not in `12 rue de Lyon`.
  at := cardinality(words) - cardinality(town);
  if city <> '' and at >= 2 and words[at + 1:] = town
     and words[at] <> all(articles) and words[at] not in ('VERS', 'SUR', 'SOUS', 'EN', 'LEZ') then
    words := words[:at];
  end if;
  if cardinality(words) = 1 and words[1] in ('R', 'AV', 'BD', 'ALL', 'CHE', 'IMP', 'RTE', 'PAS', 'SQ', 'QUAI') then
    return null;
  end if;
  words := array(select word from unnest(words) with ordinality as w(word, place)
                 where word <> all(articles) order by place);
  words := string_to_array(replace(array_to_string(words, ' '), 'NOTRE DAME', 'ND'), ' ');
  if cardinality(words) = 0 or array_to_string(words, '') !~ '[A-Z]' then
    return null;
  end if;
  return number || suffix || ' ' || array_to_string(words, ' ');
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
  end if;
  insert into opposed_door (home_key, opposition_id)
  select distinct p.home_key, o.id
  from opposition o
  left join place on place.insee_code = o.insee_code
  cross join lateral unnest(coalesce(place.expands_to, array[o.insee_code])) as code
  join property p on p.insee_code = code
    and split_part(p.address, ' ', 1) = substring(o.door_key from '^[0-9]+')
    and door_key(p.address) = o.door_key
  where (wanted is null or o.id = wanted) and (communes is null or code = any(communes))
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
