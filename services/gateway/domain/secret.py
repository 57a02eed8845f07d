"""How a key looks: `tik_`, 32 random bytes, and a checksum that tells a typing error from a key."""

import re
import zlib
from collections.abc import Callable
from typing import Final

MARK: Final = "tik_"
"""Recognisable by people, and by what scans repositories for secrets."""
RANDOM_BYTES: Final = 32
PREFIX_SIGNS: Final = 8

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_SIGNS: Final = 43
"""Of 256 bits in base 62."""
TAIL_SIGNS: Final = 6
"""Of 32 bits."""
SHAPE: Final = re.compile(rf"{MARK}[0-9A-Za-z]{{{BODY_SIGNS + TAIL_SIGNS}}}")


def new(random: Callable[[int], bytes]) -> str:
    """A key that nobody has had."""
    body = MARK + _spell(int.from_bytes(random(RANDOM_BYTES)), BODY_SIGNS)
    return body + _checksum(body)


def prefix(key: str) -> str:
    """What the key is called by: enough to tell it from others, too little to guess it."""
    return key[:PREFIX_SIGNS]


def is_whole(key: str) -> bool:
    """Whether it may be one of ours; what is mistyped or made up is known without a look-up."""
    return bool(SHAPE.fullmatch(key)) and key[-TAIL_SIGNS:] == _checksum(key[:-TAIL_SIGNS])


def _checksum(body: str) -> str:
    return _spell(zlib.crc32(body.encode("ascii")), TAIL_SIGNS)


def _spell(number: int, signs: int) -> str:
    spelled = ""
    for _ in range(signs):
        number, digit = divmod(number, len(DIGITS))
        spelled = DIGITS[digit] + spelled
    return spelled
