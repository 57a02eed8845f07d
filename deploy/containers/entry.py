"""Becomes the module that an image is for: the one named by the arguments, else by MODULE.

`NAME_FILE=/run/secrets/name` gives NAME the content of that file: a secret is in no definition of
a container. Other variables of that form (SSL_CERT_FILE) are their readers' business, so only files
below SECRETS count. Standard library only, as this runs in every image.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def with_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with what its files hold, or the end with one sentence."""
    told, folder = dict(environ), environ.get("SECRETS") or "/run/secrets"
    for variable, path in environ.items():
        if not variable.endswith("_FILE") or not path.startswith(f"{folder}/"):
            continue
        try:
            told[variable.removesuffix("_FILE")] = Path(path).read_text().strip()
        except (OSError, UnicodeError) as error:
            sys.exit(f"{variable} names a file that cannot be read: {path} ({error})")
        del told[variable]
    return told


def module(arguments: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """The module to run and its arguments."""
    named = [*arguments] or [environ.get("MODULE", "")]
    if not named[0]:
        sys.exit("Name the module to run, or set MODULE")
    return named


if __name__ == "__main__":
    environment = with_secrets(os.environ)
    command = [sys.executable, "-m", *module(sys.argv[1:], environment)]
    # In its place, as process 1: it receives the signals itself.
    os.execve(sys.executable, command, environment)  # noqa: S606 - a shell is what we avoid
