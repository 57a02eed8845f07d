"""The tax authority's own layout, turned into the columns of geo-DVF before anything else is done.

`valeursfoncieres-YYYY.txt`: 43 columns between bars, no quotes, decimal commas, codes without their
leading zeros, no coordinates. Some copies went through pandas: a column of line numbers, codes as
floats (`53.0`), the section NA taken for nothing. What that destroys is put right here; a code that
is none makes its line a bad one.
"""

import re
from typing import Final

import polars as pl

SEPARATOR: Final = "|"
_LOTS: Final = {1: "1er", 2: "2eme", 3: "3eme", 4: "4eme", 5: "5eme"}
# What is only spelled otherwise has its name in geo-DVF; the rest is made of several columns.
_NAMES: Final = {
    "No disposition": "numero_disposition",
    "Date mutation": "date_mutation",
    "Nature mutation": "nature_mutation",
    "Valeur fonciere": "valeur_fonciere",
    "No voie": "adresse_numero",
    "B/T/Q": "adresse_suffixe",
    "Type de voie": "way",
    "Voie": "street",
    "Code postal": "code_postal",
    "Commune": "nom_commune",
    "Code departement": "department",
    "Code commune": "commune",
    "Prefixe de section": "prefix",
    "Section": "section",
    "No plan": "plan",
    **{f"{ordinal} lot": f"lot{n}_numero" for n, ordinal in _LOTS.items()},
    **{
        f"Surface Carrez du {ordinal} lot": f"lot{n}_surface_carrez" for n, ordinal in _LOTS.items()
    },
    "Code type local": "code_type_local",
    "Surface reelle bati": "surface_reelle_bati",
    "Nombre pieces principales": "nombre_pieces_principales",
    "Nature culture": "code_nature_culture",
    "Nature culture speciale": "code_nature_culture_speciale",
    "Surface terrain": "surface_terrain",
}
_SPELLINGS: Final = ((r"\s+", " "), (r"\b([2-5])e lot\b", r"\1eme lot"), (r"\brelle\b", "reelle"))
_INSEE_LENGTH: Final = len("01053")
_DATE_LENGTH: Final = len("31/12/2018")
_PLAN_LENGTH: Final = 4
_NO_PREFIX: Final = "000"
_SECTION_LOST_BY_PANDAS: Final = "NA"


def is_raw(header: str) -> bool:
    """Whether this is the first line of the raw layout, by whatever name its first column goes."""
    names = set(_canonical(header))
    return SEPARATOR in header and {"No disposition", "Date mutation"} <= names


def raw_columns(header: str) -> tuple[tuple[str, ...], list[str]]:
    """Our names of all columns, in their order, and the names of those that are missing."""
    found = _canonical(header)
    named = [_NAMES.get(name, f"#{at}") for at, name in enumerate(found)]
    columns = tuple(f"#{at}" if name in named[:at] else name for at, name in enumerate(named))
    return columns, [name for name in _NAMES if name not in found]


def as_geo_dvf(raw: pl.DataFrame) -> pl.DataFrame:
    """The same lines in the columns of geo-DVF, as text; without coordinates."""
    surfaces = ("surface_reelle_bati", *(f"lot{n}_surface_carrez" for n in _LOTS))
    without_zeros = ("valeur_fonciere", "surface_terrain")
    parcel = pl.concat_str("insee", "prefix_and_section", "plan")
    return _decoded(raw).with_columns(
        **{name: _decimal(name) for name in surfaces},
        **{name: _nothing_for_zero(_decimal(name)) for name in without_zeros},
        adresse_numero=_without_fraction("adresse_numero"),
        adresse_nom_voie=pl.concat_str("way", "street", separator=" ", ignore_nulls=True).replace(
            "", None
        ),
        # Without its parcel a line cannot be told from others: it has no commune, so is a bad one.
        code_commune=pl.when(parcel.is_not_null()).then("insee"),
        id_parcelle=parcel,
        **{f"lot{n}_numero": _without_fraction(f"lot{n}_numero") for n in _LOTS},
        longitude=pl.lit(None, pl.String),
        latitude=pl.lit(None, pl.String),
    )


def _decoded(raw: pl.DataFrame) -> pl.DataFrame:
    """With the codes that a file repeats on every line: each is looked into once."""
    codes: dict[tuple[str, ...], dict[str, pl.Expr]] = {
        ("date_mutation",): {"date_mutation": _iso_date()},
        ("department", "commune"): {"insee": _insee_code()},
        ("prefix", "section"): {"prefix_and_section": pl.concat_str(_prefix(), _section())},
        ("plan",): {"plan": _digits("plan").str.zfill(_PLAN_LENGTH)},
        ("code_postal",): {"code_postal": _digits("code_postal").str.zfill(_INSEE_LENGTH)},
        ("nom_commune",): {"nom_commune": pl.col("nom_commune").str.to_titlecase()},
    }
    for written, meant in codes.items():
        decoded = raw.select(written).unique()
        renamed = decoded.rename({name: f"#{name}" for name in written}).with_columns(
            decoded.select(**meant).get_columns()
        )
        raw = (
            raw.rename({name: f"#{name}" for name in written})
            .join(
                renamed,
                on=[f"#{name}" for name in written],
                how="left",
                maintain_order="left",
                nulls_equal=True,
            )
            .drop(f"#{name}" for name in written)
        )
    return raw


def _canonical(header: str) -> list[str]:
    """The names as the publisher writes them today, whatever the case and known slips."""
    known = {name.lower(): name for name in _NAMES}
    return [known.get(_respelled(name), name) for name in header.split(SEPARATOR)]


def _respelled(name: str) -> str:
    name = name.strip().lower()
    for slip, spelling in _SPELLINGS:
        name = re.sub(slip, spelling, name)
    return name


def _iso_date() -> pl.Expr:
    """Only dates with slashes are the publisher's: whoever rewrote them may have swapped day and month."""
    date = pl.col("date_mutation").str
    day_first = pl.concat_str(date.slice(6, 4), date.slice(3, 2), date.slice(0, 2), separator="-")
    is_whole = date.len_bytes() == _DATE_LENGTH
    return (
        pl.when(is_whole & (date.slice(2, 1) == "/") & (date.slice(5, 1) == "/"))
        .then(day_first)
        .when(date.slice(4, 1) == "/")
        .then(date.replace_all("/", "-", literal=True))
    )


def _decimal(column: str) -> pl.Expr:
    return pl.col(column).str.replace(",", ".", literal=True)


def _nothing_for_zero(decimal: pl.Expr) -> pl.Expr:
    """geo-DVF leaves blank what is 0 here."""
    return pl.when(decimal.cast(pl.Float64, strict=False) != 0).then(decimal)


def _without_fraction(column: str) -> pl.Expr:
    return pl.col(column).str.strip_suffix(".0")


def _digits(column: str) -> pl.Expr:
    return pl.col(column).str.extract(r"^(\d+)(?:\.0)?$")


def _insee_code() -> pl.Expr:
    """Two digits and three, overseas three and two; Corsica's 2A and 2B."""
    department = pl.col("department").str.extract(r"^(\d{1,3}|2[AB])(?:\.0)?$").str.zfill(2)
    is_overseas = department.str.len_bytes() == len("971")
    commune = _digits("commune")
    number = pl.when(is_overseas).then(commune.str.zfill(2)).otherwise(commune.str.zfill(3))
    return pl.concat_str(department, number)


def _prefix() -> pl.Expr:
    digits = (
        pl.when(pl.col("prefix").is_null()).then(pl.lit(_NO_PREFIX)).otherwise(_digits("prefix"))
    )
    return digits.str.zfill(len(_NO_PREFIX))


def _section() -> pl.Expr:
    section = pl.col("section").fill_null(_SECTION_LOST_BY_PANDAS)
    return section.str.extract(r"^([0-9A-Z]{1,2})(?:\.0)?$").str.zfill(2)
