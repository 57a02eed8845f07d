"""Lines of geo-DVF in the tax authority's own layout."""

from typing import Final

import polars as pl

_LOTS: Final = {1: "1er", 2: "2eme", 3: "3eme", 4: "4eme", 5: "5eme"}
_WAYS: Final = "^(RUE|AV|BD|PL|ALL|CHE|IMP|SQ|PAS|LOT|RTE|CRS|QUAI) "
_WITHHELD: Final = (
    "Identifiant de document",
    "Reference document",
    *(f"{n} Articles CGI" for n in range(1, 6)),
)


def _columns() -> dict[str, pl.Expr]:
    street = pl.col("adresse_nom_voie")
    insee, parcel = pl.col("code_commune"), pl.col("id_parcelle").str
    in_department = pl.col("code_departement").str.len_bytes()
    return {
        **dict.fromkeys(_WITHHELD, pl.lit("")),
        "No disposition": pl.col("numero_disposition"),
        "Date mutation": pl.col("date_mutation").str.to_date().dt.strftime("%d/%m/%Y"),
        "Nature mutation": pl.col("nature_mutation"),
        "Valeur fonciere": _comma(_with_cents("valeur_fonciere")),
        "No voie": pl.col("adresse_numero"),
        "B/T/Q": pl.col("adresse_suffixe"),
        "Type de voie": street.str.extract(_WAYS),
        "Code voie": pl.col("adresse_code_voie"),
        "Voie": street.str.replace(_WAYS, ""),
        "Code postal": _bare(pl.col("code_postal")),
        "Commune": pl.col("nom_commune").str.to_uppercase(),
        "Code departement": pl.col("code_departement"),
        "Code commune": _bare(insee.str.slice(in_department)),
        "Prefixe de section": parcel.slice(5, 3).replace("000", ""),
        "Section": _bare(parcel.slice(8, 2)),
        "No plan": _bare(parcel.slice(10)),
        "No Volume": pl.lit(""),
        **_lots(),
        "Nombre de lots": pl.col("nombre_lots"),
        "Code type local": pl.col("code_type_local"),
        "Type local": pl.col("type_local"),
        "Identifiant local": pl.lit(""),
        "Surface reelle bati": _nothing("surface_reelle_bati"),
        "Nombre pieces principales": pl.col("nombre_pieces_principales"),
        "Nature culture": pl.col("code_nature_culture"),
        "Nature culture speciale": pl.col("code_nature_culture_speciale"),
        "Surface terrain": pl.col("surface_terrain"),
    }


def _lots() -> dict[str, pl.Expr]:
    named: dict[str, pl.Expr] = {}
    for n, ordinal in _LOTS.items():
        named[f"{ordinal} lot"] = pl.col(f"lot{n}_numero")
        named[f"Surface Carrez du {ordinal} lot"] = _comma(pl.col(f"lot{n}_surface_carrez"))
    return named


def _with_cents(column: str) -> pl.Expr:
    """`109000,00`: two places, whatever geo-DVF writes."""
    euros = pl.col(column).cast(pl.Float64, strict=False)
    cents = (euros * 100).round().cast(pl.Int64)
    return (cents // 100).cast(pl.String) + "." + (cents % 100).cast(pl.String).str.zfill(2)


def _comma(decimal: pl.Expr) -> pl.Expr:
    return decimal.str.replace(".", ",", literal=True)


def _bare(code: pl.Expr) -> pl.Expr:
    return code.str.strip_chars_start("0")


def _nothing(column: str) -> pl.Expr:
    """An outbuilding's area is 0 here; that of land is blank."""
    is_local = pl.col("code_type_local").is_not_null()
    return pl.when(is_local).then(pl.col(column).fill_null("0"))


HEADER: Final = "|".join(_columns()) + "\n"


def from_geo(lines: pl.DataFrame) -> bytes:
    """The same lines, without a header."""
    rows = lines.select(**_columns())
    text: str = rows.write_csv(include_header=False, separator="|", quote_style="never")
    return text.encode()
