-- What clients were given, and how they went on with it.

insert into assigner.choice (job_id, client_id, requested, found, as_of, seed, cities, tried, chosen_at)
values
  (pg_temp.id('job done'), pg_temp.id('client'), 10, 10, pg_temp.today(), 7, '{01053,01004}', '{}',
   pg_temp.ago('177 minutes')),
  (pg_temp.id('job done before'), pg_temp.id('client'), 20, 20, pg_temp.today() - 31, 7, '{01053}', '{}',
   pg_temp.ago('31 days')),
  (pg_temp.id('job few'), pg_temp.id('client long'), 1000, 3, pg_temp.today(), 7, '{01053}',
   array['Ventes de 6 à 8 ans', pg_temp.hostile(16)], pg_temp.ago('5 hours')),
  (pg_temp.id('job hostile given'), pg_temp.id('client hostile'), 4, 4, pg_temp.today(), 7, '{42147}',
   '{}', pg_temp.ago('20 days'));

create temporary table given on commit drop as
with own as (
  select 'home ' || line as home_key, line as home, (row_number() over (order by line))::int as nth
  from scraper.property where insee_code in ('01053', '01004')
)
select 'client' as client, 'job done' as job, nth as position, home_key, home,
       pg_temp.ago('177 minutes') as past from own where nth <= 10
union all
select 'client', 'job done before', nth - 10, home_key, home, pg_temp.ago('31 days')
from own where nth between 11 and 30
union all
select 'client long', 'job few', nth - 100, home_key, home, pg_temp.ago('5 hours')
from own where nth between 101 and 103
union all
select 'client hostile', 'job hostile given', line, 'home ' || line, line, pg_temp.ago('20 days')
from scraper.property where line <= 4;

insert into assigner.home (home_key, address_id)
select distinct home_key, pg_temp.id(home_key) from given;

insert into assigner.assignment (client_id, home_key, assigned_at, job_id, position, property_id,
                                 insee_code, city_name, postal_code, address, kind, sold_on, price_eur,
                                 surface_m2, rooms, land_m2, latitude, longitude, source, edition,
                                 printed_address, position_source, position_score, estimate_eur,
                                 estimate_low_eur, estimate_high_eur, estimate_basis,
                                 estimate_comparables)
select pg_temp.id(client), home_key, past, pg_temp.id(job), position, property_id, insee_code,
       case client when 'client long' then repeat('n', 90) else city_name end, postal_code,
       case client when 'client hostile' then pg_temp.hostile(17) else address end, kind,
       pg_temp.today() - (2200 + home * 13), price_eur, surface_m2, rooms, land_m2, latitude, longitude,
       source, edition,
       case client when 'client hostile' then pg_temp.hostile(18) when 'client long' then repeat('a', 150)
         else initcap(address) || ', ' || postal_code || ' ' || city_name end,
       (array['geocoder', 'parcel', 'commune'])[1 + home % 3], 0.9,
       case when rated then round(price_eur * 1.18) end, case when rated then round(price_eur) end,
       case when rated then round(price_eur * 1.3) end, case when rated then 'commune' end,
       case when rated then 42 end
from given join scraper.property using (home_key), lateral (select home % 3 > 0 as rated) as r;

insert into assigner.follow_up (client_id, home_key, status, notes, contact_date, follow_up, sale_horizon,
                                desired_price_eur, followed_at)
select pg_temp.id(client), home_key,
       (array['new', 'contacted', 'meeting', 'negotiation', 'mandate', 'sold'])[1 + position % 6],
       case client when 'client hostile' then pg_temp.hostile(19) else 'Rappeler après 18 h' end,
       pg_temp.today() - 3, pg_temp.today() + position,
       case client when 'client hostile' then pg_temp.hostile(20) else '6 mois' end,
       100000 + position * 9000, pg_temp.ago('2 days')
from given where position % 2 = 1;

insert into assigner.follow_up_history (client_id, home_key, status, notes, followed_at)
select client_id, home_key, 'contacted', notes, followed_at - interval '1 day' from assigner.follow_up;
