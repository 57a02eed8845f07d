"""Text in the cells of a spreadsheet, whose program may take it for a formula."""

import re
import unicodedata
from typing import Final

CALCULATED: Final = frozenset("=+-@")
"""Beginnings that some program takes for a formula, however wide they are written."""
BLANK: Final = re.compile(
    "[\\s\xad\u061c\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufff9-\ufffb]*"
)
"""What shows nothing before a beginning."""
UNSEEN: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
)
"""Signs that no cell needs; some XML cannot hold them, others turn the direction of text."""


def harmless(text: str) -> str:
    """The text, as no program calculates it: an apostrophe is set before what looks like a formula."""
    seen = UNSEEN.sub(" ", text.replace("\r\n", "\n"))
    first = unicodedata.normalize("NFKC", BLANK.sub("", seen, count=1)[:1])
    return f"'{seen}" if first in CALCULATED else seen
