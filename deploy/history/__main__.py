"""`python -m deploy.history FILE [--url URL]`: addresses of the old system are not repeated.

The database is that of the stack that runs here, or MIGRATE_DATABASE_URL. Told twice, a file
changes nothing. Every line that is not taken is named with the reason; then the exit code is 1.
"""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Final

from deploy.history.load import Outcome, load
from deploy.history.table import HistoryError, read
from libs.common import postgres

UNREADABLE: Final = 2


def main() -> int:
    """Import the file; 0 only if every row was taken."""
    parser = argparse.ArgumentParser(prog="make import-history", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--url", default=os.environ.get("MIGRATE_DATABASE_URL") or _running())
    given = parser.parse_args()
    if not given.url:
        parser.error("no stack runs here: start one with make up, or give MIGRATE_DATABASE_URL")
    try:
        return _told(asyncio.run(_import(given.file, given.url)))
    except (HistoryError, OSError) as error:
        _say(f"{error}.")
        return UNREADABLE


async def _import(file: Path, url: str) -> Outcome:
    rows = read(file)
    connection = await postgres.connect(url)
    try:
        return await load(connection, rows, _say)
    finally:
        await connection.close()


def _told(outcome: Outcome) -> int:
    for refused in outcome.refused:
        _say(f"line {refused.line}: {refused.reason}")
    waiting = outcome.taken - outcome.found
    sys.stdout.write(
        f"{outcome.rows:,} rows: {outcome.taken:,} taken ({outcome.new:,} new),"
        f" {len(outcome.refused):,} refused.\n"
        f"{outcome.found:,} of them are at doors in stock and are not repeated; {waiting:,} wait for"
        " the sales of their commune and are applied when those are loaded.\n"
    )
    return 1 if outcome.refused else 0


def _running() -> str | None:
    """The database of the stack on this machine."""
    path = Path(os.environ.get("DATA_DIR") or "var") / "stack.json"
    return json.loads(path.read_text())["urls"]["database"] if path.exists() else None


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main())
