"""A sales file, read: its sales and its counts."""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec
import polars as pl

from services.scraper.sales.address import with_address
from services.scraper.sales.group import group_sales
from services.scraper.sales.identity import home_keys, property_ids, with_sorted_lots
from services.scraper.sales.kind import KINDS, REASONS, with_kind
from services.scraper.sales.lines import by_days, in_order, read_lines
from services.scraper.sales.resale import covered_lots, with_resale_keys
from services.scraper.sales.shown import SHOWN, with_shown_surface
from services.scraper.sales.source import open_sales_file

_NOTHING_MOVED: Final[Mapping[str, str]] = MappingProxyType({})
# Two at a time, one for each core; each part costs some milliseconds more, and less memory.
PART_LINES: Final = 75_000
_AT_ONCE: Final = 2


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
    total, bad, by_commune = read.total, read.bad, read.kept["insee_code"].value_counts().rows()
    days = by_days(read.kept, PART_LINES)
    del read  # its lines are in the parts now: memory is what a large file costs
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as threads:
        parts = list(threads.map(_sales_of, days))
    sales = pl.concat([part.sales for part in parts])
    rejected = pl.concat([part.rejected for part in parts])
    homes = sales.select("postable", "rejected").filter(pl.col("rejected").is_null())
    return Reading(
        sales=sales.select(SHOWN),
        lines=total,
        bad_lines=bad,
        lines_by_commune=dict(sorted(by_commune)),
        groups=len(rejected),
        homes=homes.height,
        postable=int(homes["postable"].sum()),
        kinds=_counts(sales.select("kind", "priced").filter("priced")["kind"], KINDS),
        rejected=_counts(rejected, REASONS),
    )


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """What some days of a file say."""

    sales: pl.DataFrame
    rejected: pl.Series  # of all groups, those that are not kept too


def _sales_of(told: pl.DataFrame) -> _Part:
    lines = in_order(told)
    groups = with_kind(group_sales(lines, told))
    kept = with_address(with_sorted_lots(groups.filter(pl.col("kind").is_not_null())))
    named = kept.with_columns(property_ids(kept), home_keys(kept))
    shown = with_shown_surface(with_resale_keys(named, covered_lots(lines)))
    return _Part(sales=shown.select(*SHOWN, "priced"), rejected=groups["rejected"])


def _counts(values: pl.Series, names: tuple[str, ...]) -> dict[str, int]:
    found = dict(values.value_counts().rows())
    return {name: found.get(name, 0) for name in names}
