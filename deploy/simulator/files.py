"""Sales files of the simulated towns, as the publisher names them."""

import gzip

from deploy.simulator.layout import HEADER, Dialect, render
from deploy.simulator.towns import TOWNS, sells_in, towns_of
from deploy.simulator.year import deeds


def generate(
    insee: str, year: int, seed: int = 1, dialect: Dialect = "classic", *, scale: float = 1
) -> str:
    """The geo-DVF file of a commune and year; the header alone where nothing was sold.

    Pure: the same arguments give the same text. `scale` multiplies the number of deeds.
    """
    if not sells_in(insee, year):
        return HEADER
    return render(TOWNS[insee], year, deeds(insee, year, seed=seed, scale=scale), dialect)


def generate_department(department: str, year: int, seed: int, dialect: Dialect) -> str:
    """One file for all communes of a department."""
    towns = [town.insee for town in towns_of(department, year)]
    return HEADER + "".join(_body(insee, year, seed, dialect) for insee in towns)


def generate_country(year: int, seed: int, dialect: Dialect) -> str:
    """One file for all communes, as the yearly resource of data.gouv.fr."""
    towns = [insee for insee in sorted(TOWNS) if sells_in(insee, year)]
    return HEADER + "".join(_body(insee, year, seed, dialect) for insee in towns)


def zipped(text: str) -> bytes:
    """Gzip, the same bytes every time."""
    return gzip.compress(text.encode(), compresslevel=6, mtime=0)


def _body(insee: str, year: int, seed: int, dialect: Dialect) -> str:
    return generate(insee, year, seed, dialect).removeprefix(HEADER)
