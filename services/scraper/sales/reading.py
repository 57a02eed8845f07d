"""A sales file, read: its sales and its counts."""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec
import polars as pl

from services.scraper.sales.address import with_address
from services.scraper.sales.group import group_sales
from services.scraper.sales.identity import with_ids
from services.scraper.sales.kind import KINDS, REASONS, with_kind
from services.scraper.sales.lines import read_lines
from services.scraper.sales.resale import with_resale_keys
from services.scraper.sales.shown import SHOWN, with_shown_surface
from services.scraper.sales.source import open_sales_file

_NOTHING_MOVED: Final[Mapping[str, str]] = MappingProxyType({})


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says. `homes`, `postable` and `rejected` speak of single homes."""

    sales: pl.DataFrame  # one row per sale kept, columns as in `shown.SHOWN`
    lines: int  # of the whole file
    bad_lines: int  # of them: no date, no commune, or not as many fields as the header
    lines_by_commune: dict[str, int]  # of the communes that were wanted and have some
    groups: int
    homes: int
    postable: int
    kinds: dict[str, int]  # of the sales with a price
    rejected: dict[str, int]


def read_sales(
    source: Path | bytes,
    *,
    name: str,
    moved: Mapping[str, str] = _NOTHING_MOVED,
    only: Collection[str] | None = None,
) -> Reading:
    """The sales of a file of geo-DVF, in either dialect, or raw DVF; plain, gzip or zip.

    `name` stands for the file in messages. `moved` leads from former to today's commune codes.
    With `only`, the sales of these communes of today, as if the file had no others.
    A file that is no sales file raises `SalesFileError`.
    """
    read = read_lines(open_sales_file(source, name=name), moved, only)
    groups = with_kind(group_sales(read.kept))
    kept = with_ids(with_address(groups.filter(pl.col("kind").is_not_null())))
    homes = kept.filter(pl.col("rejected").is_null())
    return Reading(
        sales=with_shown_surface(with_resale_keys(kept, read.kept)).select(SHOWN),
        lines=read.total,
        bad_lines=read.bad,
        lines_by_commune=dict(sorted(read.kept["insee_code"].value_counts().rows())),
        groups=groups.height,
        homes=homes.height,
        postable=int(homes["postable"].sum()),
        kinds=_counts(kept.filter("priced")["kind"], KINDS),
        rejected=_counts(groups["rejected"], REASONS),
    )


def _counts(values: pl.Series, names: tuple[str, ...]) -> dict[str, int]:
    found = dict(values.value_counts().rows())
    return {name: found.get(name, 0) for name in names}
