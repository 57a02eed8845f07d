"""`python -m deploy.vendor`: fetch the packages of the lock, copy what pages load of them."""

import shutil
import sys

from deploy.vendor import copy, install


def main() -> None:
    if shutil.which("npm") is None:
        sys.exit("npm is not installed: it comes with Node.js")
    names = copy(install())
    print(f"{len(names)} files in services/gateway/static/vendor")


if __name__ == "__main__":
    main()
