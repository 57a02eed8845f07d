"""One typed row per line of a sales file, sorted so that the lines of a sale stand together."""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from typing import Final

import msgspec
import polars as pl

from services.scraper.sales.mend import is_sound, mended, mended_without_quotes
from services.scraper.sales.raw import SEPARATOR, as_geo_dvf
from services.scraper.sales.source import SalesFile, SalesFileError

HOUSE: Final = 1
APARTMENT: Final = 2
BUSINESS: Final = 4
LAND: Final = 5  # of ours: in the file these lines have a blank type

GROUP_KEY: Final = ("sold_on", "insee_code", "price_cents", "disposition")
# What tells two dwellings of a sale apart, as far as the file tells.
SIGNATURE: Final = ("parcel", "lots", "type", "built_m2", "rooms", "number", "suffix", "street")
# Asked of the first line of a sale alone: these need no sorting.
TOLD_BY_FIRST: Final = ("postal_code", "city_name", "carrez_m2", "latitude", "longitude")
# A sale takes its address and identity from its first line in this order: dwellings, business,
# outbuildings, land; the rest makes the choice the same however the publisher sorts the file.
_ORDER: Final = ("day_and_commune", "price_cents", "disposition", "rank", *SIGNATURE)
_DAYS_BEFORE_1970: Final = 2**22  # makes every day of the calendar a positive number
_COMMUNES: Final = 2**40  # five bytes
_LOTS: Final = range(1, 6)
_CODE_LENGTH: Final = len("01053")
_BEYOND_BELIEF: Final = 1e11
_FIRST_LINE: Final = 2  # the header is line 1
BLOCK_BYTES: Final = 4 * 1024 * 1024
BLOCKS_AT_ONCE: Final = 2


class Lines(msgspec.Struct, frozen=True, kw_only=True):
    """The usable lines of a file, of the communes asked for, in the file's order."""

    kept: pl.DataFrame
    total: int  # of the file
    bad: int  # of them: no date, no commune, or not as many fields as the header


def read_lines(
    file: SalesFile, moved: Mapping[str, str], only: Collection[str] | None = None
) -> Lines:
    """The lines of the communes `only`, or of all.

    `moved` leads from former to today's commune codes; `only` speaks of today's.
    """
    lines = _parsed(file, moved)
    usable = lines.filter(
        pl.col("sold_on").is_not_null(), pl.col("insee_code").str.len_bytes() == _CODE_LENGTH
    )
    if usable.height < lines.height / 2:
        raise SalesFileError(
            "bad_rows", f"{file.name}: only {usable.height} of {lines.height} lines are sales."
        )
    wanted = usable if only is None else usable.filter(pl.col("insee_code").is_in(list(only)))
    return Lines(kept=wanted, total=lines.height, bad=lines.height - usable.height)


def by_days(lines: pl.DataFrame, at_most: int) -> list[pl.DataFrame]:
    """The lines in parts of about so many, day after day: no sale is in two of them."""
    days = lines["sold_on"].sort().gather_every(at_most).unique(maintain_order=True).to_list()
    bounds = pairwise([*days, None])
    day = pl.col("sold_on")
    return [
        lines.filter(day >= first if after is None else day.is_between(first, after, closed="left"))
        for first, after in bounds
    ] or [lines]


def in_order(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines so that those of a sale stand together, with the number `sale`, from 0."""
    keyed = lines.with_columns(day_and_commune=_day_and_commune()).with_row_index("at")
    return (
        keyed.drop(TOLD_BY_FIRST)
        .sort(_ORDER)
        .with_columns(sale=pl.struct("day_and_commune", "price_cents", "disposition").rle_id())
        .drop("day_and_commune", "rank")
    )


def _day_and_commune() -> pl.Expr:
    """One number in the order of both: sorting costs little where the first key has few ties."""
    day = pl.col("sold_on").to_physical().cast(pl.Int64) + _DAYS_BEFORE_1970
    eight_bytes = pl.concat_str(pl.lit("000"), "insee_code").cast(pl.Binary)
    commune = eight_bytes.bin.reinterpret(dtype=pl.Int64, endianness="big") % _COMMUNES
    return day * _COMMUNES + commune


def unlike_the_line_before(*columns: str) -> pl.Expr:
    """Whether a line differs from its predecessor; in sorted lines, the first of its like."""
    return pl.any_horizontal([pl.col(name).ne_missing(pl.col(name).shift()) for name in columns])


def _parsed(file: SalesFile, moved: Mapping[str, str]) -> pl.DataFrame:
    with suppress(pl.exceptions.PolarsError):  # bytes, quotes, a first row too short: see below
        lines, separators = _scanned(file, file.content, moved)
        if is_sound(separators, width=len(file.columns), rows=lines.height):
            return lines
    try:
        return _scanned(file, _mended(file), moved)[0]
    except UnicodeDecodeError as error:
        raise SalesFileError("not_utf8", f"{file.name} is not UTF-8 text.") from error
    except pl.exceptions.PolarsError as error:
        raise SalesFileError("bad_rows", f"{file.name} cannot be read as a table.") from error


def _mended(file: SalesFile) -> bytes:
    width = len(file.columns)
    if file.is_raw:
        return mended_without_quotes(file.content, width=width, separator=SEPARATOR)
    return mended(file.content, width=width)


def _scanned(file: SalesFile, content: bytes, moved: Mapping[str, str]) -> tuple[pl.DataFrame, int]:
    """All rows below the header, and how many separators the whole content has.

    Block by block: polars reads bytes on one core, and its untyped rows take four times the space.
    """
    separator = (SEPARATOR if file.is_raw else ",").encode()

    def scan(span: tuple[int, int]) -> tuple[pl.DataFrame, int]:
        block = content[slice(*span)]
        return _scan(file, block, moved), block.count(separator)

    body = content.find(b"\n") + 1 or len(content)
    with ThreadPoolExecutor(max_workers=BLOCKS_AT_ONCE) as threads:
        scanned = list(threads.map(scan, _spans(content, body)))
    rows = pl.concat([rows for rows, _ in scanned]).with_row_index("line", _FIRST_LINE)
    header = content.count(separator, 0, body)
    return rows, header + sum(separators for _, separators in scanned)


def _spans(content: bytes, begin: int) -> list[tuple[int, int]]:
    """From where to where each block goes, whole lines all of them; one at least."""
    spans: list[tuple[int, int]] = []
    while begin < len(content) or not spans:
        end = content.find(b"\n", begin + BLOCK_BYTES) + 1 or len(content)
        spans.append((begin, end))
        begin = end
    return spans


def _scan(file: SalesFile, block: bytes, moved: Mapping[str, str]) -> pl.DataFrame:
    rows = pl.scan_csv(
        block,
        has_header=False,
        schema=dict.fromkeys(file.columns, pl.String),
        raise_if_empty=False,
        separator=SEPARATOR if file.is_raw else ",",
        quote_char=None if file.is_raw else '"',
    )
    if file.is_raw:
        needed = [name for name in file.columns if not name.startswith("#")]
        rows = as_geo_dvf(rows.select(needed).collect(engine="streaming")).lazy()
    return (
        rows.select(**_facts(), **_place(moved))
        .with_columns(rank=_rank())
        .collect(engine="streaming")
    )


def _facts() -> dict[str, pl.Expr]:
    lots = [pl.col(f"lot{n}_numero") for n in _LOTS]
    return {
        "sold_on": pl.col("date_mutation").str.to_date("%Y-%m-%d", strict=False),
        "price_cents": (_number("valeur_fonciere") * 100).round().cast(pl.Int64, strict=False),
        "disposition": _code("numero_disposition").fill_null(1),
        "nature": pl.col("nature_mutation"),
        "number": pl.col("adresse_numero"),
        "suffix": pl.col("adresse_suffixe"),
        "street": pl.col("adresse_nom_voie"),
        "postal_code": pl.col("code_postal"),
        "city_name": pl.col("nom_commune"),
        "lots": pl.concat_str(lots, separator="+", ignore_nulls=True),
        "carrez_m2": pl.sum_horizontal([_number(f"lot{n}_surface_carrez") for n in _LOTS]),
        "type": _code("code_type_local").fill_null(LAND),
        "built_m2": _above_zero("surface_reelle_bati").round().cast(pl.Int64, strict=False),
        "rooms": _code("nombre_pieces_principales"),
        "culture": pl.col("code_nature_culture"),
        "special_culture": pl.col("code_nature_culture_speciale"),
        "area_m2": _number("surface_terrain"),
        "longitude": _number("longitude"),
        "latitude": _number("latitude"),
    }


def _place(moved: Mapping[str, str]) -> dict[str, pl.Expr]:
    former, parcel = pl.col("code_commune"), pl.col("id_parcelle")
    if not moved:
        return {"insee_code": former, "parcel": parcel}
    today = former.replace(dict(moved))
    # Of 01312000ZC0122, Pressiat's, its merger into 01426 makes 01426312ZC0122.
    section_of = pl.when(parcel.str.slice(5, 3) == "000").then(former.str.slice(2, 3))
    prefix = section_of.otherwise(parcel.str.slice(5, 3))
    renumbered = pl.concat_str([today, prefix, parcel.str.slice(8)])
    return {
        "insee_code": today,
        "parcel": pl.when(former == today).then(parcel).otherwise(renumbered),
    }


def _rank() -> pl.Expr:
    kind = pl.col("type")
    before_land = pl.when(kind == BUSINESS).then(1).otherwise(2)
    return (
        pl.when(kind.is_in([HOUSE, APARTMENT]))
        .then(0)
        .when(kind == LAND)
        .then(3)
        .otherwise(before_land)
    )


def _number(column: str) -> pl.Expr:
    """The number, or null for what measures nothing: no digits, `nan`, beyond belief."""
    number = pl.col(column).cast(pl.Float64, strict=False)
    return pl.when(number.is_between(-_BEYOND_BELIEF, _BEYOND_BELIEF)).then(number)


def _above_zero(column: str) -> pl.Expr:
    """The number, or null where the dialects differ in how they write nothing: blank or 0.0."""
    number = pl.col(column).cast(pl.Float64, strict=False)
    return pl.when((number > 0) & (number <= _BEYOND_BELIEF)).then(number)


def _code(column: str) -> pl.Expr:
    return _number(column).cast(pl.Int32, strict=False)
