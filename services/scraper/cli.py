"""`make sales FILES=…`: what the scraper's own code reads in sales files, as one JSON line."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from services.scraper.sales import Reading, SalesFileError, read_sales


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the counts over all files; 1 and a sentence per file that cannot be read."""
    parser = argparse.ArgumentParser(prog="make sales", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    readings: list[Reading] = []
    broken = 0
    for path in parser.parse_args(arguments).files:
        try:
            readings.append(_read(path))
        except (SalesFileError, OSError) as error:
            broken += 1
            _say(str(error))
    if broken:
        return 1
    sys.stdout.write(msgspec.json.encode(counts(readings)).decode() + "\n")
    return 0


def counts(readings: Sequence[Reading]) -> dict[str, int | dict[str, int]]:
    """The sums over files; `sales`, `postable` and `rejected` speak of single homes."""
    return {
        "lines": sum(reading.lines for reading in readings),
        "groups": sum(reading.groups for reading in readings),
        "sales": sum(reading.homes for reading in readings),
        "kinds": _summed(reading.kinds for reading in readings),
        "postable": sum(reading.postable for reading in readings),
        "rejected": _summed(reading.rejected for reading in readings),
    }


def _read(path: Path) -> Reading:
    reading = read_sales(path, name=str(path))
    if reading.bad_lines:
        _say(f"{path}: {reading.bad_lines} of {reading.lines} lines are no sales, left out.")
    return reading


def _summed(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
