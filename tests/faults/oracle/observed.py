"""What a judgement is made of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from libs.common.postgres import Connection
from tests.faults.ledger import Ledger


class Accepted(Protocol):
    """A mail that the mail server has stored, as its own log says."""

    @property
    def message_id(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def content(self) -> bytes: ...


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """A run that has come to rest."""

    connection: Connection
    """As the superuser."""
    ledger: Ledger
    accepted: Sequence[Accepted]
    bus: str
    """Kafka's own address; empty: the bus is not asked."""
    prefix: str
    logs: Path
    """The folder of the services' logs."""
