"""What is wrong with a service, if anything: its rows tell."""

from typing import Final, Literal

import msgspec

from services.gateway.repository.health import ServiceHealth

SLOW_OUTBOX_SECONDS: Final = 60.0
SILENT_SECONDS: Final = 60.0

Ailment = Literal["away", "stuck", "silent", "slow", "no_relay"]


class Unwell(msgspec.Struct, frozen=True, kw_only=True):
    """It holds no session, settles no event, says nothing, or does not bring its events to the bus.

    `seconds` since when; `no_relay` where nobody would bring them.
    """

    service: str
    ailment: Ailment
    seconds: float = 0.0


def unwell(of: ServiceHealth) -> Unwell | None:
    """The gravest, which often explains the others."""
    if not of.sessions:
        return Unwell(service=of.service, ailment="away")
    if of.stuck_seconds is not None:
        return Unwell(service=of.service, ailment="stuck", seconds=of.stuck_seconds)
    if (silent := of.silent_seconds or 0.0) > SILENT_SECONDS:
        return Unwell(service=of.service, ailment="silent", seconds=silent)
    if (oldest := of.oldest_seconds or 0.0) > SLOW_OUTBOX_SECONDS:
        ailment: Ailment = "slow" if of.relays else "no_relay"
        return Unwell(service=of.service, ailment=ailment, seconds=oldest)
    return None
