"""Values in paths and queries, and texts: read strictly, refused with a sentence."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar.params import PathParameter

from services.gateway.routes.problems import Fault, invalid

PathId = Annotated[str, PathParameter(description="A UUID", format="uuid")]
"""Declared as text: a `:uuid` segment would answer 404 to what is no UUID."""

CONTROLS: Final = r"\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff"
"""Signs that end a line or turn the direction of text: a name with one can make a subject lie."""
INVISIBLE: Final = (
    r"\u0020\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200d\u202f\u205f-\u2064\u206a-\u206f\u3000\ufeff"
    r"\ufff9-\ufffb"
)
LINE: Final = f"^[^{CONTROLS}]*[^{CONTROLS}{INVISIBLE}][^{CONTROLS}]*$"
"""One line of which something is seen, as machines read it."""
UNKEEPABLE: Final = re.compile(rf"[{CONTROLS}\ud800-\udfff]")
SEEN: Final = re.compile(f"[^{INVISIBLE}]")

ATOM: Final = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL: Final = re.compile(
    rf"(?=.{{1,254}}\Z)(?=.{{1,64}}@){ATOM}+(?:\.{ATOM}+)*"
    rf"@(?:{LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z0-9])"
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
    if UNKEEPABLE.search(value):
        return "holds control characters"
    return None if SEEN.search(value) else "is blank"


def mail_address(value: str) -> str | None:
    """What is wrong with a mail address."""
    return None if EMAIL.fullmatch(value) else "is not a mail address"


def telephone_number(value: str | None) -> str | None:
    """What is wrong with a telephone number."""
    return None if value is None or TELEPHONE.fullmatch(value) else "is not a telephone number"


def without_repeats(values: Any) -> str | None:
    """What is wrong with a list whose entries should differ."""
    return None if len(set(values)) == len(values) else "holds an entry twice"


SCHEMAS: Final[Mapping[Callable[[Any], str | None], Mapping[str, Any]]] = {
    printable: {"pattern": LINE},
    mail_address: {
        "pattern": rf"^{ATOM}{{1,30}}(?:\.{ATOM}{{1,30}})?@(?:{LABEL}\.)+[A-Za-z]{{2,63}}$"
    },
    telephone_number: {"pattern": f"^{TELEPHONE.pattern}$"},
    without_repeats: {"uniqueItems": True},
}
"""What the checks ask, in the words of a schema; of mail addresses it tells the usual ones."""


def fold(words: str) -> str:
    """Lower case without accents, words parted by single spaces, as a search compares names."""
    spelled = words.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").replace("Æ", "ae")
    bare = "".join(
        sign for sign in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(sign)
    )
    return re.sub(r"[^a-z0-9]+", " ", bare.lower()).strip()
