-- Places, what has been read of them, and the homes in stock there.
-- pg_temp.id(name): the same id wherever the same name stands. pg_temp.hostile(): see world.py.

insert into scraper.place (insee_code, city_id, name, postal_codes, department, region, population,
                           search, refusal, expands_to, latitude, longitude)
values
  ('01053', pg_temp.id('place 01053'), 'Bourg-en-Bresse', '{01000}', 'Ain', 'Auvergne-Rhône-Alpes', 42000,
   'bourg en bresse 01000 01053', null, null, 46.205, 5.225),
  ('01004', pg_temp.id('place 01004'), 'Ambérieu-en-Bugey', '{01500}', 'Ain', 'Auvergne-Rhône-Alpes', 14500,
   'amberieu en bugey 01500 01004', null, null, 45.958, 5.359),
  ('64260', pg_temp.id('place 64260'), 'Hendaye', '{64700}', 'Pyrénées-Atlantiques', 'Nouvelle-Aquitaine', 18000,
   'hendaye 64700 64260', null, null, 43.359, -1.774),
  ('69123', pg_temp.id('place 69123'), 'Lyon', '{69001,69002}', 'Rhône', 'Auvergne-Rhône-Alpes', 520000,
   'lyon 69001 69002 69123', null, '{69381,69382}', 45.758, 4.835),
  ('69381', pg_temp.id('place 69381'), 'Lyon 1er', '{69001}', 'Rhône', 'Auvergne-Rhône-Alpes', 29000,
   'lyon 1er 69001 69381', null, null, 45.77, 4.829),
  ('67482', pg_temp.id('place 67482'), 'Strasbourg', '{67000}', 'Bas-Rhin', 'Grand Est', 290000,
   'strasbourg 67000 67482', 'The land register of Alsace and Moselle is not public', null,
   48.573, 7.752),
  ('42147', pg_temp.id('place 42147'), pg_temp.hostile(42), '{42600}', 'Loire', 'Auvergne-Rhône-Alpes', 900,
   'chalain 42600 42147', null, null, 45.643, 4.166);

insert into scraper.city (insee_code, last_scraped, first_year, failed_at, error, house_price_avg,
                          apartment_price_avg, latitude, longitude)
values
  ('01053', pg_temp.ago('2 days'), 2018, null, null, 2210, 1890, 46.205, 5.225),
  ('01004', pg_temp.ago('41 days'), 2018, null, null, 1980, 1740, 45.958, 5.359),
  ('64260', pg_temp.ago('9 days'), 2018, pg_temp.ago('3 hours'),
   '2020: geo-dvf: https://files.data.gouv.fr/geo-dvf/2020 answers 503', 4150, 4720, 43.359, -1.774),
  ('69381', pg_temp.ago('95 days'), 2018, null, null, null, 5230, 45.77, 4.829),
  ('42147', null, null, pg_temp.ago('1 day'), pg_temp.hostile(1) || ' ' || pg_temp.hostile(2),
   null, null, null, null);

insert into scraper.city_year (insee_code, year, state, source, edition, file_sha256, lines, loaded_at,
                               error)
select code, year,
       case when year = 2020 and code = '64260' then 'failed' when year = 2026 then 'no_sale'
            else 'read' end,
       case when year < 2021 then 'archive' else 'geo-dvf' end, '2026-10',
       repeat('0a', 32), 400 + year % 7 * 31, pg_temp.ago('2 days'),
       case when year = 2020 and code = '64260' then 'geo-dvf answers 503' end
from unnest(array['01053', '01004', '64260', '69381']) as code, generate_series(2018, 2026) as year;

insert into scraper.property (property_id, sale_key, home_key, insee_code, sold_on, kind, offered,
                              postable, address, postal_code, city_name, price_eur, surface_m2, rooms,
                              land_m2, latitude, longitude, source, edition, file_sha256, line)
select pg_temp.id('property ' || n), pg_temp.id('sale ' || n), 'home ' || n, place.insee_code,
       current_date - (30 + n * 11 % 3000), kind, true, true,
       case when n = 3 then pg_temp.hostile(3) else (1 + n % 90) || ' RUE ' || street end,
       place.postal_codes[1], place.name, 90000 + n * 7919 % 400000,
       case when kind <> 'land' then 35 + n % 120 end, case when kind <> 'land' then 1 + n % 6 end,
       case when kind <> 'apartment' then 180 + n * 37 % 1500 end,
       place.latitude + sin(n) * 0.02, place.longitude + cos(n * 1.7) * 0.03,
       case n % 3 when 0 then 'archive' else 'geo-dvf' end, '2026-10', repeat('0a', 32), n
from generate_series(1, 600) as n
cross join lateral (
  select (array['house', 'apartment', 'house', 'land', 'apartment'])[1 + n % 5] as kind,
         (array['DE LA REPUBLIQUE', 'VICTOR HUGO', 'DES LILAS', 'DU 8 MAI 1945'])[1 + n % 4] as street,
         case when n <= 6 or n % 50 = 0 then '42147'
              else (array['01053', '01053', '01004', '01053', '01004', '64260', '69381'])[1 + n % 7] end as code
) as drawn
join scraper.place on place.insee_code = drawn.code;

insert into scraper.price_level (area, kind, median_per_m2_eur, low_per_m2_eur, high_per_m2_eur,
                                 comparables, months, computed_on)
values ('01053', 'house', 2210, 1900, 2600, 64, 24, current_date),
       ('01053', 'apartment', 1890, 1500, 2300, 88, 24, current_date),
       ('64260', 'house', 4150, 3600, 4900, 41, 36, current_date),
       ('01', 'land', null, null, null, 12, 60, current_date);

-- A department's code here is an import.
insert into scraper.refresh (id, insee_code, first_year, years, state, done, total, error, lease_until,
                             created_at, updated_at)
values
  (pg_temp.id('import running'), '01', 0, '{}', 'running', 117, 393, null,
   public.clock() + interval '1 day', pg_temp.ago('6 minutes'), pg_temp.ago('2 seconds')),
  (pg_temp.id('import done'), '64', 9999, '{2019,2020}', 'done', 546, 546, null, null,
   pg_temp.ago('3 days'), pg_temp.ago('70 hours')),
  (pg_temp.id('import failed'), '42', 0, '{}', 'failed', 12, 323, pg_temp.hostile(4), null,
   pg_temp.ago('5 days'), pg_temp.ago('5 days')),
  (pg_temp.id('refresh done'), '01053', 2018, '{}', 'done', 9, 9, null, null,
   pg_temp.ago('2 days'), pg_temp.ago('2 days')),
  (pg_temp.id('refresh failed'), '64260', 2018, '{}', 'failed', 4, 9,
   '2020: geo-dvf: https://files.data.gouv.fr/geo-dvf/2020 answers 503', null,
   pg_temp.ago('3 hours'), pg_temp.ago('3 hours')),
  (pg_temp.id('refresh queued'), '01004', 2018, '{}', 'queued', 0, 0, null, null,
   pg_temp.ago('20 seconds'), pg_temp.ago('20 seconds'));

insert into scraper.download (id, refresh_id, insee_code, year, source, edition, url, state, error,
                              sha256, size_bytes, lines, groups, fetched_at)
select pg_temp.id('download ' || year), pg_temp.id('refresh done'), '01053', year, 'geo-dvf', '2026-10',
       'https://files.data.gouv.fr/geo-dvf/' || year, case year when 2024 then 'down' else 'loaded' end,
       case year when 2024 then pg_temp.hostile(5) end, repeat('0a', 32), 120000, 900, 400,
       pg_temp.ago('2 days')
from generate_series(2021, 2025) as year;

insert into scraper.opposition (id, insee_code, address, reason, door_key)
values (pg_temp.id('opposition'), '01053', '7 RUE DES LILAS', pg_temp.hostile(6), '7 rue des lilas');
