"""Which commit this program is of, where its repository is beside it."""

from functools import cache
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2] / ".git"


@cache
def commit(repository: Path = REPOSITORY) -> str:
    """The commit that is checked out; nothing in an image, which holds no repository."""
    try:
        head = (repository / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        return _of_reference(repository, head.removeprefix("ref: "))
    except OSError:
        return ""


def _of_reference(repository: Path, name: str) -> str:
    loose = repository / name
    if loose.is_file():
        return loose.read_text().strip()
    for line in (repository / "packed-refs").read_text().splitlines():
        commit_id, _, of = line.partition(" ")
        if of == name:
            return commit_id
    return ""
