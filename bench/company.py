"""What makes the simulator's towns as crowded as real ones, and communes of their own."""

from datetime import date
from random import Random
from typing import Final

import polars as pl

from deploy.simulator.towns import COMMON_STREETS

# In the extracts of real files a sale has 1.6 lines in a town of flats, 2.9 in the country.
_COUNTS: Final = {
    "outbuildings": (0, 0, 0, 1, 1, 1, 2, 2, 2),
    "cultures": (1, 1, 1, 2, 2, 3),
    "parcels": (1, 1, 1, 2, 3),
}
_GROUNDS: Final = ("J", "AG", "BT")
_COMMON: Final = 3  # one street in so many has a name that other communes have too
_DAYS: Final = 365
_OWN: Final = ("local", "ground", "plot")


def joined(lines: pl.DataFrame, seed: str) -> pl.DataFrame:
    """The same sales with outbuildings, cultures (n locals make n x p lines) and parcels beside."""
    draw = Random(seed)
    sale = pl.struct("id_mutation", "numero_disposition").rle_id()
    sales = lines.with_columns(sale=sale).with_row_index("at")
    number = sales.select(pl.col("sale").max() + 1).item()
    drawn = {name: draw.choices(counts, k=number) for name, counts in _COUNTS.items()}
    counted = sales.with_columns(
        pl.col("sale").replace_strict(dict(enumerate(each)), return_dtype=pl.Int64).alias(name)
        for name, each in drawn.items()
    )
    alike = _times("outbuildings", "local", _is_first(pl.col("code_type_local").is_in(["1", "2"])))
    has_ground = pl.col("code_nature_culture").is_not_null()
    return (
        counted.with_columns(alike)
        .explode("local")
        .with_columns(_times("cultures", "ground", has_ground, less=1))
        .explode("ground")
        .with_columns(_times("parcels", "plot", _is_first(has_ground & (pl.col("local") == 0)), 1))
        .explode("plot")
        .with_columns(*_outbuilding(), *_ground())
        .with_columns(*_plot())
        .select(lines.columns)
    )


def moved(lines: pl.DataFrame, department: str, number: int) -> pl.DataFrame:
    """The same sales in a commune of its own, on other days, at other prices, in other streets."""
    insee = f"{department}{number:0{5 - len(department)}}"
    day = pl.col("date_mutation").str.to_date().dt.ordinal_day() + 17 * number
    price = pl.col("valeur_fonciere").cast(pl.Float64)
    dearer = (price * (1 + number % 40 / 400)).round().cast(pl.Int64).cast(pl.String)
    year = lines["date_mutation"][0][:4]
    return lines.with_columns(
        date_mutation=(pl.lit(date(int(year), 1, 1)) + pl.duration(days=(day - 1) % _DAYS)).cast(
            pl.String
        ),
        valeur_fonciere=pl.when(price > 1).then(dearer).otherwise("valeur_fonciere"),
        code_commune=pl.lit(insee),
        nom_commune=pl.lit(f"Bourg-le-Neuf-{number}"),
        code_departement=pl.lit(department),
        code_postal=pl.lit(f"{insee[:2]}{number % 100:02}0"),
        ancien_code_commune=pl.lit(None, pl.String),
        ancien_nom_commune=pl.lit(None, pl.String),
        id_parcelle=insee + pl.col("id_parcelle").str.slice(5),
        adresse_nom_voie=_street(number),
        longitude=_shifted("longitude", number),
        latitude=_shifted("latitude", number),
    )


def _times(count: str, name: str, where: pl.Expr, less: int = 0) -> pl.Expr:
    """A list of 0, 1, … for each line, to be exploded: as many more lines as were drawn."""
    more = pl.when(where).then(pl.col(count) - less).otherwise(0)
    return pl.int_ranges(0, more + 1).alias(name)


def _is_first(where: pl.Expr) -> pl.Expr:
    """The first line of a sale of which this is true."""
    return where & (where.cast(pl.Int32).cum_sum().over("sale") == 1)


def _outbuilding() -> list[pl.Expr]:
    """A garage or a cellar with a lot of its own."""
    is_one, lot = pl.col("local") > 0, pl.col("lot1_numero").cast(pl.Int64, strict=False)
    blank = [f"lot{n}_{fact}" for n in range(1, 6) for fact in ("numero", "surface_carrez")]
    changed = {
        **dict.fromkeys((*blank[1:], "surface_reelle_bati"), pl.lit(None, pl.String)),
        "lot1_numero": (lot + 500 + pl.col("local")).cast(pl.String),
        "nombre_lots": lot.is_not_null().cast(pl.Int8).cast(pl.String),
        "code_type_local": pl.lit("3"),
        "type_local": pl.lit("Dépendance"),
        "nombre_pieces_principales": pl.lit("0"),
    }
    return [pl.when(is_one).then(new).otherwise(name).alias(name) for name, new in changed.items()]


def _ground() -> list[pl.Expr]:
    """Another culture of the same parcel."""
    is_other, ground = pl.col("ground") > 0, pl.col("ground")
    area = pl.col("surface_terrain").cast(pl.Float64, strict=False).fill_null(90)
    other = ground.replace_strict(dict(enumerate(_GROUNDS, 1)), default=None)
    changed = {
        "code_nature_culture": other,
        "surface_terrain": (area + 137 * ground).round().cast(pl.Int64).cast(pl.String),
    }
    return [
        pl.when(is_other).then(new).otherwise(name).alias(name) for name, new in changed.items()
    ]


def _plot() -> list[pl.Expr]:
    """Land on another parcel."""
    is_one, parcel = pl.col("plot") > 0, pl.col("id_parcelle").str
    plan = (parcel.slice(10).cast(pl.Int64) + 3000 + pl.col("plot")) % 10_000
    none = pl.lit(None, pl.String)
    changed = {
        "id_parcelle": parcel.head(10) + plan.cast(pl.String).str.zfill(4),
        **dict.fromkeys(("code_type_local", "type_local", "surface_reelle_bati"), none),
        "nombre_pieces_principales": none,
    }
    return [pl.when(is_one).then(new).otherwise(name).alias(name) for name, new in changed.items()]


def _street(number: int) -> pl.Expr:
    """Two streets in three are called as none of another commune is."""
    street = pl.col("adresse_nom_voie")
    name = COMMON_STREETS[37 * number % len(COMMON_STREETS)].partition(" ")[2]
    is_own = street.str.len_bytes() % _COMMON != 0
    return pl.when(is_own).then(street + " " + pl.lit(name)).otherwise(street)


def _shifted(degrees: str, number: int) -> pl.Expr:
    there = pl.col(degrees).cast(pl.Float64) + number / 1000
    return there.round(6).cast(pl.String)
