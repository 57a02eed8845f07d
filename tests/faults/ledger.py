"""What was asked of a system and done to it: what the oracle holds its state against."""

from uuid import UUID

import msgspec


class Poison(msgspec.Struct, frozen=True, kw_only=True):
    """A message that none of its readers can handle; `topic` without the prefix of the run."""

    topic: str
    key: bytes | None = None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    consumers: tuple[str, ...]


class Death(msgspec.Struct, frozen=True):
    """The end of a process; `at` by the clock of the rig's event loop."""

    service: str
    at: float


class Ledger(msgspec.Struct, kw_only=True):
    """Kept by the load and the scenario of a run; nothing in it comes from the system's tables."""

    seed: int = 0
    prefix: str = ""
    jobs: dict[UUID, UUID] = {}
    """Accepted jobs (the answer was 2xx), and whose they are."""
    clients: set[UUID] = set()
    """Accepted registrations of active clients."""
    erased: set[UUID] = set()
    due: set[UUID] = set()
    """Whose day has come: one delivery each, whatever happened."""
    deliveries: dict[UUID, int] = {}
    """How many those due have instead, or notices those noticed, where a run lasts for months."""
    noticed: set[UUID] = set()
    """Whose day comes tomorrow: one notice each."""
    poisons: list[Poison] = []
    injected: set[UUID] = set()
    """Ids of events that are on the bus and in no outbox."""
    replayed: int = 0
    """How many messages were put on the bus once more."""
    may_die: set[UUID] = set()
    """Ids of events that may be held as dead: their handler was made to fail."""
    deaths: list[Death] = []
    may_fail: set[UUID] = set()
    """Clients whose jobs may end `failed`, and whose mails may be refused for good."""
    may_doubt: int = 0
    """How many mails may end `unknown`, besides those in hand when a notifier died."""
    connections: int = 2
    """Of each notifier to the mail server: MAIL_CONNECTIONS."""
    replicas: dict[str, int] = {}
    """The most processes of a service at a time, where that is not one."""
    suppressed: set[UUID] = set()
    """Clients who want no notices and notifications."""
    partial_stock: bool = False
    """The sources were made to fail: a choice is judged by the stock of its moment."""
    operated: list[tuple[str, str]] = []
    """Writes of operators that were answered 2xx: the action and its target, as the audit says."""
    personal: set[str] = set()
    """What names people who are erased by now: of the others the database knows."""
