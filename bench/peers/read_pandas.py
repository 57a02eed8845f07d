"""pandas with the reader of pyarrow: read, group, filter, count."""

import sys

import pandas as pd

from bench.peers.read_common import report

KEY = ["date_mutation", "code_commune", "cents", "numero_disposition"]
FACTS = ["adresse_numero", "adresse_suffixe", "adresse_nom_voie", "id_parcelle", "lot1_numero",
         "surface_reelle_bati", "nombre_pieces_principales", "longitude", "latitude"]  # fmt: skip
NATURES = ["Vente", "Vente en l'état futur d'achèvement", "Adjudication"]
COLUMNS = ["date_mutation", "numero_disposition", "nature_mutation", "valeur_fonciere",
           "code_commune", "code_type_local", *FACTS]  # fmt: skip


def read():
    lines = pd.read_csv(sys.argv[1], engine="pyarrow", usecols=COLUMNS)
    lines["cents"] = (lines["valeur_fonciere"] * 100).round()
    lines["is_dwelling"] = lines["code_type_local"].isin([1, 2])
    lines["is_business"] = lines["code_type_local"] == 4
    lines["is_sale"] = lines["nature_mutation"].isin(NATURES)
    dwellings = lines[lines["is_dwelling"]].drop_duplicates([*KEY, *FACTS])
    sales = lines.groupby(KEY, dropna=False, sort=False).agg(
        is_sale=("is_sale", "all"), business=("is_business", "any")
    )
    homes = dwellings.groupby(KEY, dropna=False, sort=False).agg(
        dwellings=("is_dwelling", "sum"), **{fact: (fact, "first") for fact in FACTS}
    )
    found = sales.join(homes, how="left").reset_index()
    single = found[
        found["is_sale"] & (found["cents"] > 100) & (found["dwellings"] == 1) & ~found["business"]
    ]
    return len(lines), len(found), len(single)


report(read)
