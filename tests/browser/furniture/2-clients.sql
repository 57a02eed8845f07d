-- Clients of every status, with names as people have them and as nobody should.

insert into gateway.client (id, status, first_name, last_name, email, telephone, company_name, locale,
                            subscription_type, send_day, addresses_per_report, chosen_cities,
                            property_type_preferences, active_since, welcomed_at, created_at)
values
  (pg_temp.id('client'), 'active', 'Camille', 'Durand', 'camille@agence-du-parc.example',
   '+33 4 74 00 00 00', 'Agence du Parc', 'fr', 'pro', extract(day from pg_temp.today())::int, 10,
   '{01053,01004}', '{house,apartment,land}', pg_temp.today() - 120, pg_temp.ago('120 days'),
   pg_temp.ago('120 days')),
  (pg_temp.id('client hostile'), 'active', pg_temp.hostile(7), pg_temp.hostile(8),
   '"<svg/onload=ran(9)>"@evil.example', pg_temp.hostile(10), pg_temp.hostile(11), 'en', 'entreprise',
   28, 100, '{42147,01053}', '{house}', pg_temp.today() - 40, pg_temp.ago('40 days'),
   pg_temp.ago('40 days')),
  (pg_temp.id('client long'), 'active', repeat('w', 100), repeat('é', 100),
   repeat('a', 180) || '@' || repeat('long', 16) || '.example', repeat('0', 100), repeat('W', 200), 'fr',
   'decouverte', 31, 1000, '{01053}', '{house,apartment,land,commercial,other}', pg_temp.today() - 300,
   null, pg_temp.ago('300 days')),
  (pg_temp.id('client new'), 'active', 'Nadia', 'Benali', 'nadia@immo-sud.example', null, null, 'fr',
   'decouverte', 12, 10, '{64260}', '{apartment}', pg_temp.today(), null, pg_temp.ago('10 minutes')),
  (pg_temp.id('client pending'), 'pending', 'Luc', 'Moreau', 'luc@agence.example', null, 'Moreau Immo',
   'fr', 'pro', 5, 20, '{69381}', '{apartment}', null, null, pg_temp.ago('1 day')),
  (pg_temp.id('client inactive'), 'inactive', 'Anne', 'Petit', 'anne@agence.example', null, null, 'fr',
   'pro', 20, 10, '{01053}', '{house}', null, pg_temp.ago('400 days'), pg_temp.ago('400 days')),
  (pg_temp.id('client test'), 'test', 'Essai', 'Interne', 'test@trackimmo.example', null, 'TrackImmo',
   'en', 'pro', 1, 5, '{01053}', '{house}', null, null, pg_temp.ago('30 days'));

insert into gateway.client (id, status, first_name, last_name, email, company_name, subscription_type,
                            send_day, chosen_cities, property_type_preferences, active_since, created_at)
select pg_temp.id('client ' || n), 'active', (array['Louise', 'Jules', 'Inès', 'Hugo'])[1 + n % 4],
       (array['Bernard', 'Lefèvre', 'Garcia', 'Nguyen', 'Roux'])[1 + n % 5] || ' ' || n,
       'agent' || n || '@example.org', 'Agence n° ' || n,
       (array['decouverte', 'pro', 'entreprise'])[1 + n % 3], 1 + n % 28, '{01053}', '{house}',
       pg_temp.today() - 90, pg_temp.ago('90 days') + n * interval '1 hour'
from generate_series(1, 60) as n;

insert into gateway.erased_client (id, assignments, jobs, deliveries, erased_at)
values (pg_temp.id('client erased'), 30, 3, 3, pg_temp.ago('8 days'));

insert into gateway.page_token (client_id, void_before)
values (pg_temp.id('client'), pg_temp.ago('90 days'));

insert into notifier.suppression (client_id, reason, created_at)
values (pg_temp.id('client hostile'), 'link', pg_temp.ago('3 days')),
       (pg_temp.id('client long'), pg_temp.hostile(12), pg_temp.ago('2 days'));
