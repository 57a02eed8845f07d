"""Values in paths and queries, and texts: read strictly, refused with a sentence."""

import re
import unicodedata
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar.params import PathParameter

from services.gateway.routes.problems import Fault, invalid

PathId = Annotated[str, PathParameter(description="A UUID", format="uuid")]
"""Declared as text: a `:uuid` segment would answer 404 to what is no UUID."""

UNPRINTABLE: Final = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
INVISIBLE: Final = frozenset({"Zs", "Cf"})
DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
"""Marks that turn the direction of text: a name with one can make a subject lie."""

EMAIL: Final = re.compile(
    r"(?=.{1,254}\Z)(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
TELEPHONE: Final = re.compile(r"\+?[0-9(][0-9 ().-]{3,28}[0-9]")


def identifier(value: str, name: str) -> UUID:
    """The UUID in a path, or a refusal."""
    try:
        return msgspec.convert(value, UUID)
    except msgspec.ValidationError as error:
        fault = Fault(pointer=f"/{name}", detail="is not a UUID", place="path")
        raise invalid(fault) from error


def printable(value: str | None) -> str | None:
    """What is wrong with one line of printable text."""
    if value is None:
        return None
    if any(unicodedata.category(sign) in UNPRINTABLE or sign in DIRECTIONS for sign in value):
        return "holds control characters"
    seen = any(unicodedata.category(sign) not in INVISIBLE for sign in value)
    return None if seen else "is blank"


def mail_address(value: str) -> str | None:
    """What is wrong with a mail address."""
    return None if EMAIL.fullmatch(value) else "is not a mail address"


def telephone_number(value: str | None) -> str | None:
    """What is wrong with a telephone number."""
    return None if value is None or TELEPHONE.fullmatch(value) else "is not a telephone number"


def without_repeats(values: Any) -> str | None:
    """What is wrong with a list whose entries should differ."""
    return None if len(set(values)) == len(values) else "holds an entry twice"


def fold(words: str) -> str:
    """Lower case without accents, words parted by single spaces, as a search compares names."""
    spelled = words.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae")
    bare = "".join(
        sign for sign in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(sign)
    )
    return re.sub(r"[^a-z0-9]+", " ", bare.lower()).strip()
