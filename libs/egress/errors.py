"""Why a request did not leave the house, or its answer was not read to the end."""

import httpx


class EgressRefusedError(httpx.RequestError):
    """The request was not made, and will not be: the sentence says why and what would allow it."""


class EgressLimitError(httpx.ReadError):
    """The answer was cut off: it is larger or slower than any that we want."""
