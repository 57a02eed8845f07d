"""Sales files as large as real ones, made once from a seed out of the simulator's towns.

`geo_department` is a department-year of geo-DVF, `raw_country` the tax authority's own file for all
France. Communes are towns of the simulator under codes and days of their own; what a sale has beside
its home (outbuildings, cultures, further parcels) is multiplied as in real files.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import polars as pl

from bench import company, raw_layout
from deploy.simulator.files import generate
from deploy.simulator.layout import COLUMNS
from deploy.simulator.towns import TOWNS

YEAR: Final = 2019
DEPARTMENT: Final = "35"
DEPARTMENT_LINES: Final = 300_000
COUNTRY_LINES: Final = 3_500_000
# Sales of Alsace and Moselle are in another register.
DEPARTMENTS: Final = (
    *(f"{n:02}" for n in range(1, 96) if n not in {20, 57, 67, 68}),
    *("2A", "2B", "971", "972", "973", "974"),
)
_TURNS: Final = 25  # as many different years of each of the twelve towns
_MADE: Final = "v1"  # of files: another way to make them needs another name


def geo_department(folder: Path, *, seed: int, lines: int = DEPARTMENT_LINES) -> Path:
    """A department-year in geo-DVF's layout, plain text, of at least so many lines."""
    return _once(folder / f"geo-{DEPARTMENT}-{lines}-{seed}-{_MADE}.csv", lambda: _geo(seed, lines))


def raw_country(folder: Path, *, seed: int, lines: int = COUNTRY_LINES) -> Path:
    """A year of all France in the raw layout, plain text, of at least so many lines."""
    return _once(folder / f"raw-{lines}-{seed}-{_MADE}.txt", lambda: _raw(seed, lines))


def _once(path: Path, parts: Callable[[], Iterator[bytes]]) -> Path:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            file.writelines(parts())
        unfinished.rename(path)
    return path


def _geo(seed: int, lines: int) -> Iterator[bytes]:
    yield (",".join(COLUMNS) + "\n").encode()
    made = _department(_templates(seed), DEPARTMENT, lines, shift=0)
    number = pl.struct("date_mutation", "valeur_fonciere").rle_id() + 1
    numbered = made.with_columns(id_mutation=f"{YEAR}-" + number.cast(pl.String))
    yield numbered.write_csv(include_header=False).encode()


def _raw(seed: int, lines: int) -> Iterator[bytes]:
    templates = _templates(seed)
    yield raw_layout.HEADER.encode()
    share = -(-lines // len(DEPARTMENTS))
    for position, department in enumerate(DEPARTMENTS):
        yield raw_layout.from_geo(_department(templates, department, share, shift=7 * position))


def _templates(seed: int) -> list[pl.DataFrame]:
    """Town-years of the simulator, each with what else real sales have."""
    return [
        company.joined(
            pl.read_csv(generate(town, YEAR, seed + turn).encode(), infer_schema=False),
            f"{seed} {town} {turn}",
        )
        for turn in range(_TURNS)
        for town in sorted(TOWNS)
    ]


def _department(
    templates: list[pl.DataFrame], department: str, lines: int, *, shift: int
) -> pl.DataFrame:
    """Communes until there are lines enough, mixed day by day as the publisher does."""
    communes: list[pl.DataFrame] = []
    while sum(commune.height for commune in communes) < lines:
        number = len(communes) + 1
        template = templates[(shift + number) % len(templates)]
        communes.append(company.moved(template, department, number))
    return pl.concat(communes).sort("date_mutation", "code_commune", maintain_order=True)


def raw_part(folder: Path, *, seed: int, lines: int = DEPARTMENT_LINES) -> Path:
    """The beginning of that year: as many lines as a department of geo-DVF has here."""
    with raw_country(folder, seed=seed).open("rb") as country:
        text = list(islice(country, lines + 1))
    return _once(folder / f"raw-part-{lines}-{seed}-{_MADE}.txt", lambda: iter(text))
