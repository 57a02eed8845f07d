"""DuckDB: read, group, filter, count."""

import sys

import duckdb

from bench.peers.read_common import report

SALES = """
    with line as (
      select *, round(try_cast(valeur_fonciere as double) * 100) as cents,
             code_type_local in ('1', '2') as is_dwelling
      from read_csv(?, header = true, all_varchar = true)
    ), sale as (
      select date_mutation, code_commune, cents, numero_disposition, count(*) as lines,
             bool_and(nature_mutation in ('Vente', 'Vente en l''état futur d''achèvement',
                                          'Adjudication')) as is_sale,
             coalesce(bool_or(code_type_local = '4'), false) as business,
             count(distinct (id_parcelle, lot1_numero, code_type_local, surface_reelle_bati,
                             nombre_pieces_principales, adresse_numero, adresse_suffixe,
                             adresse_nom_voie)) filter (is_dwelling) as dwellings,
             first(adresse_numero) filter (is_dwelling) as number,
             first(adresse_nom_voie) filter (is_dwelling) as street,
             first(longitude) as longitude, first(latitude) as latitude
      from line group by date_mutation, code_commune, cents, numero_disposition
    )
    select sum(lines), count(*),
           count(*) filter (is_sale and cents > 100 and dwellings = 1 and not business)
    from sale
"""


def read():
    return duckdb.connect().execute(SALES, [sys.argv[1]]).fetchone()


report(read)
