"""geo-DVF files in a few words: `table(line(...), ...)` with what matters to the test."""

import csv
import io

import polars as pl

from services.scraper.sales import Reading, read_sales

HEADER = (
    "id_mutation,date_mutation,numero_disposition,nature_mutation,valeur_fonciere,"
    "adresse_numero,adresse_suffixe,adresse_nom_voie,adresse_code_voie,code_postal,code_commune,"
    "nom_commune,code_departement,ancien_code_commune,ancien_nom_commune,id_parcelle,"
    "ancien_id_parcelle,numero_volume,lot1_numero,lot1_surface_carrez,lot2_numero,"
    "lot2_surface_carrez,lot3_numero,lot3_surface_carrez,lot4_numero,lot4_surface_carrez,"
    "lot5_numero,lot5_surface_carrez,nombre_lots,code_type_local,type_local,surface_reelle_bati,"
    "nombre_pieces_principales,code_nature_culture,nature_culture,code_nature_culture_speciale,"
    "nature_culture_speciale,surface_terrain,longitude,latitude"
)
COLUMNS = tuple(HEADER.split(","))

HOUSE = {
    "date_mutation": "2019-03-01",
    "numero_disposition": "000001",
    "nature_mutation": "Vente",
    "valeur_fonciere": "200000",
    "adresse_numero": "12",
    "adresse_nom_voie": "RUE DES LILAS",
    "code_postal": "01000",
    "code_commune": "01053",
    "nom_commune": "Bourg-en-Bresse",
    "id_parcelle": "01053000AB0012",
    "code_type_local": "1",
    "surface_reelle_bati": "100",
    "nombre_pieces_principales": "4",
    "code_nature_culture": "S",
    "surface_terrain": "500",
    "longitude": "5.22",
    "latitude": "46.2",
}
FLAT = HOUSE | {
    "code_type_local": "2",
    "surface_reelle_bati": "60",
    "nombre_pieces_principales": "3",
    "lot1_numero": "8",
    "code_nature_culture": "",
    "surface_terrain": "",
}
NO_HOME = {"surface_reelle_bati": "", "nombre_pieces_principales": "0"}
GARAGE = FLAT | NO_HOME | {"code_type_local": "3", "lot1_numero": "99"}
SHOP = HOUSE | {"code_type_local": "4", "nombre_pieces_principales": "0"}
PLOT = HOUSE | NO_HOME | {"code_type_local": ""}


def table(*lines: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


def read(*lines: dict[str, str], moved: dict[str, str] | None = None) -> Reading:
    return read_sales(table(*lines), name="sales.csv", moved=moved or {})


def only_sale(*lines: dict[str, str], moved: dict[str, str] | None = None) -> dict[str, object]:
    sales: pl.DataFrame = read(*lines, moved=moved).sales
    assert sales.height == 1
    return sales.row(0, named=True)
