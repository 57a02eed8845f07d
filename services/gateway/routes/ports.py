"""What the routes are given by `main`."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal

import msgspec
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from libs.common.outbox import Emit
from libs.common.postgres import Connection
from services.gateway.routes.feed import Feed
from services.gateway.settings import GatewaySettings

Status = Literal["ok", "degraded", "down", "unknown"]


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """How a part of the system is."""

    status: Status
    message: str


Reading = Callable[[], AbstractAsyncContextManager[Connection]]
"""A connection of the pool."""
Writing = Callable[[], AbstractAsyncContextManager[tuple[Connection, Emit]]]
"""A transaction whose events are written at its end."""


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """The outside, as the routes see it."""

    settings: GatewaySettings
    reading: Reading
    writing: Writing
    clock: Callable[[], datetime]
    seed: Callable[[], int]
    ready: Callable[[], Awaitable[bool]]
    kafka: Callable[[], Awaitable[Component]]
    feed: Feed


Given = SkipValidation[NamedDependency[Ports]]
"""The ports, as a route asks for them."""
