"""Facts that the assigner publishes."""

from typing import ClassVar
from uuid import UUID

from libs.common.events.base import JobEvent


class PropertiesAssigned(JobEvent, frozen=True, kw_only=True):
    """The homes of a job are chosen; `address_ids` are in the order of the mail."""

    topic: ClassVar[str] = "properties.assigned"
    type: ClassVar[str] = "trackimmo.properties.assigned.v1"

    requested: int
    found: int
    address_ids: tuple[UUID, ...]


class AddressesInsufficient(JobEvent, frozen=True, kw_only=True):
    """Fewer homes than requested were found, perhaps none; `tried` says where and how."""

    topic: ClassVar[str] = "addresses.insufficient"
    type: ClassVar[str] = "trackimmo.addresses.insufficient.v1"

    requested: int
    found: int
    cities: tuple[str, ...]
    tried: tuple[str, ...]
