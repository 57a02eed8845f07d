"""The tables of the month done the usual way, and what its tasks ask of them."""

from sqlalchemy import text

SCHEMA = """
    create schema usual;
    create table usual.client as
      select id, first_name, last_name, email, chosen_cities, property_type_preferences,
             addresses_per_report, send_day from gateway.client;
    alter table usual.client add primary key (id);
    create table usual.sale as
      select property_id as id, home_key, insee_code, sold_on, kind, address, postal_code,
             city_name, price_eur::float8 as price_eur, surface_m2::float8 as surface_m2, rooms,
             source from scraper.property where on_offer;
    alter table usual.sale add primary key (id);
    create index on usual.sale (insee_code, sold_on);
    create table usual.delivery (
      client_id uuid not null references usual.client, month date not null,
      status text not null default 'pending', sent_at timestamptz,
      created_at timestamptz not null default now(), primary key (client_id, month));
    create table usual.assignment (
      client_id uuid not null references usual.client, home_key text not null,
      sale_id uuid not null references usual.sale, month date not null, position int not null,
      created_at timestamptz not null default now(), primary key (client_id, home_key));
"""
DUE = text("""
    insert into usual.delivery (client_id, month)
    select id, date_trunc('month', cast(:today as date)) from usual.client where send_day = :day
    on conflict do nothing returning client_id
""")
CLIENT = text("select * from usual.client where id = :client_id")
STATUS = text("""
    select status from usual.delivery where client_id = :client_id and month = :month for update
""")
DRAW = text("""
    select * from usual.sale
    where insee_code = any(:cities) and kind = any(:kinds)
      and sold_on between :first and :last
      and not exists (select from usual.assignment a
                      where a.client_id = :client_id and a.home_key = sale.home_key)
    order by random() limit :count
""")
ASSIGN = text("""
    insert into usual.assignment (client_id, home_key, sale_id, month, position)
    values (:client_id, :home_key, :sale_id, :month, :position)
""")
SENT = text("""
    update usual.delivery set status = 'sent', sent_at = now()
    where client_id = :client_id and month = :month
""")
GIVEN = text("""
    select count(*) as homes, count(distinct (client_id, home_key)) as doors,
           count(distinct client_id) as clients from usual.assignment
""")
LEFT = text("select count(*) from usual.delivery where status <> 'sent'")
