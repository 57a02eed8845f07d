"""`python -m deploy.migrate [--url URL]`: apply the migrations that are missing."""

import argparse
import os
import sys

from deploy.migrate import migrate


def main() -> None:
    """Migrate the database that the arguments or the environment name."""
    parser = argparse.ArgumentParser(prog="python -m deploy.migrate", description=__doc__)
    parser.add_argument("--url", default=os.environ.get("MIGRATE_DATABASE_URL"))
    url = parser.parse_args().url
    if not url:
        parser.error("give --url or MIGRATE_DATABASE_URL")
    try:
        migrate(url)
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
