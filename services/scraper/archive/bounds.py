"""How much a publisher may send, and how slowly."""

import msgspec


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """The caps on one file. A body must bring `least_bytes` in every `seconds`, or end."""

    file_bytes: int = 1024**3
    """As it is sent: a raw year of the country has 0.4 GiB, plain."""
    national_bytes: int = 4 * 1024**3
    """Of a national file's text, which is split while it streams: geo-DVF's year has 0.9 GiB."""
    text_bytes: int = 256 * 1024**2
    """Of the text of what is read at once: a department's year has 60 MiB."""
    least_bytes: int = 256 * 1024
    seconds: float = 30.0
