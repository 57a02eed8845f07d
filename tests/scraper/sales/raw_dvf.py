"""Raw DVF from lines of geo-DVF: `raw_table(HOUSE, ...)` is the file the tax authority would give."""

from services.scraper.sales import Reading, read_sales

LOTS = ("1er", "2eme", "3eme", "4eme", "5eme")
HEADER = (
    "Identifiant de document|Reference document|1 Articles CGI|2 Articles CGI|3 Articles CGI|"
    "4 Articles CGI|5 Articles CGI|No disposition|Date mutation|Nature mutation|Valeur fonciere|"
    "No voie|B/T/Q|Type de voie|Code voie|Voie|Code postal|Commune|Code departement|Code commune|"
    "Prefixe de section|Section|No plan|No Volume|1er lot|Surface Carrez du 1er lot|2eme lot|"
    "Surface Carrez du 2eme lot|3eme lot|Surface Carrez du 3eme lot|4eme lot|"
    "Surface Carrez du 4eme lot|5eme lot|Surface Carrez du 5eme lot|Nombre de lots|"
    "Code type local|Type local|Identifiant local|Surface reelle bati|Nombre pieces principales|"
    "Nature culture|Nature culture speciale|Surface terrain"
)
COLUMNS = tuple(HEADER.split("|"))
WAYS = ("ALL", "AV", "BD", "CHE", "IMP", "PL", "RTE", "RUE")
AS_IN_GEO_DVF = {
    "No disposition": "numero_disposition",
    "Nature mutation": "nature_mutation",
    "No voie": "adresse_numero",
    "B/T/Q": "adresse_suffixe",
    "Code type local": "code_type_local",
    "Nombre pieces principales": "nombre_pieces_principales",
    "Nature culture": "code_nature_culture",
    "Nature culture speciale": "code_nature_culture_speciale",
    **{f"{ordinal} lot": f"lot{n}_numero" for n, ordinal in enumerate(LOTS, 1)},
}
DECIMALS = {
    "Valeur fonciere": "valeur_fonciere",
    "Surface reelle bati": "surface_reelle_bati",
    "Surface terrain": "surface_terrain",
    **{
        f"Surface Carrez du {ordinal} lot": f"lot{n}_surface_carrez"
        for n, ordinal in enumerate(LOTS, 1)
    },
}


def raw_line(line: dict[str, str]) -> dict[str, str]:
    """The line of geo-DVF with zeros stripped, commas put and codes taken apart as in raw files."""
    return (
        {raw: line.get(geo, "") for raw, geo in AS_IN_GEO_DVF.items()}
        | {raw: line.get(geo, "").replace(".", ",") for raw, geo in DECIMALS.items()}
        | _place(line["code_commune"], line["id_parcelle"])
        | _street(line["adresse_nom_voie"])
        | {
            "Date mutation": "/".join(reversed(line["date_mutation"].split("-"))),
            "Code postal": line["code_postal"].lstrip("0"),
            "Commune": line["nom_commune"].upper(),
        }
    )


def _place(insee: str, parcel: str) -> dict[str, str]:
    split = 3 if insee.startswith("97") else 2
    return {
        "Code departement": insee[:split],
        "Code commune": insee[split:].lstrip("0"),
        "Prefixe de section": parcel[5:8].lstrip("0"),
        "Section": parcel[8:10].lstrip("0"),
        "No plan": parcel[10:].lstrip("0"),
    }


def _street(street: str) -> dict[str, str]:
    way, _, name = street.partition(" ")
    return {"Type de voie": way, "Voie": name} if way in WAYS else {"Voie": street}


def raw_file(*lines: dict[str, str], header: str = HEADER) -> bytes:
    """A file of lines that are raw already."""
    rows = ["|".join(line.get(column, "") for column in COLUMNS) for line in lines]
    return "".join(f"{row}\n" for row in (header, *rows)).encode()


def raw_table(*lines: dict[str, str]) -> bytes:
    return raw_file(*map(raw_line, lines))


def read_raw(*lines: dict[str, str], moved: dict[str, str] | None = None) -> Reading:
    return read_sales(raw_file(*lines), name="valeursfoncieres-2019.txt", moved=moved or {})


def only_raw_sale(*lines: dict[str, str], moved: dict[str, str] | None = None) -> dict[str, object]:
    sales = read_raw(*lines, moved=moved).sales
    assert sales.height == 1
    return sales.row(0, named=True)
