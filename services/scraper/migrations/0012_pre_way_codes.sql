-- migrate:up
set local role scraper_owner;

-- The files write ways by the tax office's codes, people write them out: `12 RPT DE L EUROPE` and 12,
-- rond-point de l'Europe. Long forms become the codes on both sides, also those of two words.
create or replace function scraper.short_words(words text[]) returns text[]
language plpgsql immutable strict parallel safe
as $$
declare
  short constant jsonb := jsonb '{
    "RUE": "R", "AVENUE": "AV", "AVE": "AV", "BOULEVARD": "BD", "BLD": "BD", "BVD": "BD",
    "BLVD": "BD", "BOUL": "BD", "ALLEE": "ALL", "ALLEES": "ALL", "CHEMIN": "CHE", "CHEM": "CHE",
    "CH": "CHE", "CHEMINS": "CHE", "COURS": "CRS", "HAMEAU": "HAM", "IMPASSE": "IMP",
    "LOTISSEMENT": "LOT", "PLACE": "PL", "RESIDENCE": "RES", "ROUTE": "RTE", "SQUARE": "SQ",
    "PASSAGE": "PAS", "PASS": "PAS", "QU": "QUAI", "RUELLE": "RLE", "FAUBOURG": "FG", "FBG": "FG",
    "MONTEE": "MTE", "SENTIER": "SEN", "SENTE": "SEN", "TRAVERSE": "TRA", "VILLAGE": "VGE",
    "QUARTIER": "QUA", "DOMAINE": "DOM", "ESPLANADE": "ESP", "PROMENADE": "PROM", "VENELLE": "VEN",
    "AERODROME": "AER", "AUTOROUTE": "AUT", "BERGE": "BER", "BOUCLE": "BCLE", "BRETELLE": "BRTL",
    "CAMPAGNE": "CGNE", "CARREFOUR": "CAR", "CENTRE": "CTRE", "CHALET": "CHL", "CHAUSSEE": "CHS",
    "CHATEAU": "CHT", "CORNICHE": "COR", "CORON": "CORO", "COURSIVE": "CIVE", "DESCENTE": "DSC",
    "DEVIATION": "DEVI", "DIGUE": "DIG", "DRAILLE": "DRA", "ECLUSE": "ECL", "ENCLOS": "ENC",
    "ESCALIER": "ESC", "ESPACE": "ESPA", "FERME": "FRM", "GALERIE": "GAL", "HALAGE": "HLG", "HALLE": "HLE",
    "JARDIN": "JARD", "JETEE": "JTE", "LEVEE": "LEVE", "MAISON": "MAIS", "MARINA": "MRN",
    "PARKING": "PKG", "PARVIS": "PRV", "PASSERELLE": "PLE", "PHARE": "PHAR", "PISTE": "PIST",
    "PLACETTE": "PTTE", "PLACIS": "PLCI", "PLAGE": "PLAG", "PLAINE": "PLN", "PLATEAU": "PLT",
    "POINTE": "PNT", "PORTE": "PTE", "RACCOURCI": "RAC", "RAIDILLON": "RDL", "RAMPE": "RPE",
    "RAVINE": "RVE", "REMPART": "REM", "ROTONDE": "RTD", "RUELLETTE": "RULT", "RUETTE": "RUET",
    "STADE": "STDE", "TERRASSE": "TSSE", "TERTRE": "TRT", "TRABOULE": "TRAB", "TUNNEL": "TUN",
    "VALLON": "VALL", "VIADUC": "VIAD", "VILLA": "VLA", "VOIRIE": "VOIR",
    "SAINT": "ST", "SAINTE": "STE", "SAINTS": "STS", "SAINTES": "STES", "DOCTEUR": "DR",
    "DOC": "DR", "GENERAL": "GAL", "GEN": "GAL", "GL": "GAL", "MARECHAL": "MAL", "COLONEL": "COL",
    "CAPITAINE": "CNE", "CAPT": "CNE", "CPT": "CNE", "CAP": "CNE", "COMMANDANT": "CDT",
    "LIEUTENANT": "LT", "PRESIDENT": "PDT", "PROFESSEUR": "PROF", "PR": "PROF",
    "MONSEIGNEUR": "MGR", "AMIRAL": "AML", "ADJUDANT": "ADJ", "SERGENT": "SGT", "MADAME": "MME",
    "DIVISION": "DIV", "REGIMENT": "REGT", "FRERES": "FRES", "GDE": "GRANDE", "GD": "GRAND",
    "VX": "VIEUX", "HUIT": "8", "ONZE": "11", "QUATORZE": "14", "PREMIER": "1"
  }';
  double constant jsonb := jsonb '{
    "ANCIEN CHE": "ACH", "ANCIENNE RTE": "ART", "CHE COMMUNAL": "CC", "CHE DEPARTEMENTAL": "CD",
    "CHE FORESTIER": "CF", "CHE RURAL": "CR", "CHE VICINAL": "CHV", "GRAND BD": "GBD",
    "GRANDE PL": "GPL", "GRAND R": "GR", "GRANDE R": "GR", "GR R": "GR", "NOUVELLE RTE": "NTE",
    "PETIT CHE": "PCH", "PETITE ALL": "PTA", "PETITE AV": "PAE", "PETITE R": "PTR",
    "PETITE RTE": "PRT", "ROND POINT": "RPT", "TERRE PLEIN": "TPL", "VIEILLE RTE": "VTE",
    "VIEUX CHE": "VCHE", "VOIE COMMUNALE": "VC", "ZONE ARTISANALE": "ZA", "ZONE INDUSTRIELLE": "ZI"
  }';
begin
  -- `3e étage, 12 rue …`: the first number is no door's.
  if words[1] in ('ETAGE', 'APPARTEMENT', 'APPT', 'APT') then
    return '{}';
  end if;
  for at in 1 .. cardinality(words) loop
    words[at] := coalesce(short ->> words[at], words[at]);
    if words[at] ~ '^[0-9]+(ER|ERE|E|EME|IEME)$' then
      words[at] := rtrim(words[at], 'EIMR');
    end if;
  end loop;
  -- The code, and the name in full behind it.
  if words[1] = 'GR' and words[2] in ('GRANDE', 'GRAND') and words[3] = 'R' then
    words := words[2:];
  end if;
  if double ? (words[1] || ' ' || words[2]) then
    words := array[double ->> (words[1] || ' ' || words[2])] || words[3:];
  end if;
  return words;
end
$$;

create or replace function scraper.is_way(word text) returns boolean
language sql immutable strict parallel safe
return scraper.short_word(word) = any('{R,AV,BD,ALL,CHE,CRS,HAM,IMP,LOT,PL,RES,RTE,SQ,PAS,QUAI,RLE,FG,MTE,SEN,TRA,VGE,
QUA,DOM,ESP,PROM,VEN,VOIE,COUR,CITE,VLA,PARC,CLOS,COTE,GRANDE,GRAND,ANCIEN,ANCIENNE,VIEUX,VIEILLE,ROND,VC,CR,
BCLE,CAR,CHS,COR,DIG,DSC,ENC,PRV,PTTE,RPE,RPT,TSSE,GR,ART,VCHE,CHV}'::text[])
  and word not in ('R', 'CR');

-- What is kept is keyed anew, unless the new key stands already; the number stays.
create function pg_temp.keyed(door_key text) returns text language sql as $$
  select split_part($1, ' ', 1) || ' ' || array_to_string(
    scraper.short_words(string_to_array(substr($1, strpos($1, ' ') + 1), ' ')), ' ')
$$;
update scraper.opposition as o set door_key = fresh.door_key
from (select distinct on (insee_code, pg_temp.keyed(door_key)) id, pg_temp.keyed(door_key) as door_key
      from scraper.opposition where door_key like '% %') as fresh
where o.id = fresh.id and o.door_key <> fresh.door_key
  and not exists (select from scraper.opposition as same
                  where same.insee_code = o.insee_code and same.door_key = fresh.door_key);
update scraper.past_delivery as d set door_key = fresh.door_key, doors = null
from (select distinct on (insee_code, client_id, pg_temp.keyed(door_key))
             insee_code, client_id, door_key as former, pg_temp.keyed(door_key) as door_key
      from scraper.past_delivery where door_key like '% %') as fresh
where (d.insee_code, d.client_id, d.door_key) = (fresh.insee_code, fresh.client_id, fresh.former)
  and d.door_key <> fresh.door_key
  and not exists (select from scraper.past_delivery as same
                  where (same.insee_code, same.client_id, same.door_key)
                      = (d.insee_code, d.client_id, fresh.door_key));
drop function pg_temp.keyed(text);

-- Doors that were missed are kept off from now on.
select scraper.cover_doors(id, null) from scraper.opposition;

reset role;

-- migrate:down
