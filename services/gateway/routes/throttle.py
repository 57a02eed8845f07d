"""Wrong keys: an address that sends too many is told to wait.

Only the wrong ones are refused. Whoever holds a right key is let in from the same address, since
an office or a proxy has one address for many, and a forgotten script there must not lock out all.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv6Network, ip_address
from typing import Final

from litestar.types import Scope

from services.gateway.routes.keys import Admit, Principal
from services.gateway.routes.problems import WRONG_KEYS, Refusal

MOST: Final = 200
"""Wrong keys that an address may send in a window."""
WINDOW: Final = timedelta(minutes=1)
ADDRESSES: Final = 10_000
"""As many are remembered; beyond, whoever has been silent longest is forgotten."""
IPV6_SITE_BITS: Final = 64
"""Whoever has one IPv6 address has the rest of its network too."""


class Throttle:
    """Counts refused keys by address, in this process and within bounds."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def around(self, admit: Admit) -> Admit:
        """The same door; who knocks in vain too often gets 429 instead of 401."""

        async def watch(scope: Scope) -> Principal:
            try:
                return await admit(scope)
            except Refusal as refusal:
                if refusal.status_code == 401:  # noqa: PLR2004 - a key missing or wrong
                    self._count(address(scope))
                raise

        return watch

    def _count(self, sender: str) -> None:
        now = self._clock()
        began, count = self._seen.pop(sender, (now, 0))
        if now - began >= WINDOW:
            began, count = now, 0
        self._seen[sender] = (began, count + 1)
        if len(self._seen) > ADDRESSES:
            self._seen.popitem(last=False)
        if count >= MOST:
            wait = str(math.ceil((began + WINDOW - now).total_seconds()))
            raise Refusal(
                429,
                f"Too many wrong keys from your address: try again in {wait} s with the right one",
                headers={"Retry-After": wait},
                kind=WRONG_KEYS,
            )


def address(scope: Scope) -> str:
    """Where the connection comes from; headers that claim another address are not believed."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        parsed = ip_address(host)
    except ValueError:
        return host
    if parsed.version == 4 or parsed.ipv4_mapped:  # noqa: PLR2004 - the version's name
        return str(getattr(parsed, "ipv4_mapped", None) or parsed)
    return str(IPv6Network((int(parsed), IPV6_SITE_BITS), strict=False))
