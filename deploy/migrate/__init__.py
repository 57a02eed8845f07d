"""Brings a database to the present schema: `python -m deploy.migrate --url URL`.

Plain SQL applied by dbmate, a folder and a table of applied versions for each schema. Roles come
first, then the scraper. Running it again changes nothing; two at once wait for each other.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

SCHEMAS: Final = ("common", "scraper", "gateway", "assigner", "notifier", "scheduler")
"""In the order of application."""


def folder(schema: str) -> Path:
    """The migrations of a schema."""
    home = ROOT / "libs" if schema == "common" else ROOT / "services"
    return home / schema / "migrations"


def migrate(url: str) -> None:
    """Apply what is not applied yet, or raise with dbmate's own words.

    `url` names a role that may create roles and schemas.
    """
    for schema in SCHEMAS:
        _apply(url, schema)


def _apply(url: str, schema: str) -> None:
    table = "public.migration" if schema == "common" else f"{schema}.migration"
    command = [
        _dbmate(), "--no-dump-schema", "--migration-lock", "--migrations-dir", str(folder(schema)),
        "--migrations-table", table, "migrate",
    ]  # fmt: skip
    if not any(folder(schema).glob("*.sql")):
        raise RuntimeError(f"No migrations of {schema} in {folder(schema)}")
    done = subprocess.run(
        command,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        message = f"Migrations of {schema} failed: {done.stderr.strip() or done.stdout.strip()}"
        raise RuntimeError(message)


def _dbmate() -> str:
    beside = Path(sys.executable).parent / "dbmate"
    found = str(beside) if beside.exists() else shutil.which("dbmate")
    if not found:
        raise RuntimeError("dbmate is missing: install requirements.lock")
    return found
