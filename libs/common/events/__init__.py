"""Everything that can happen; the owner of an event is its module's name."""

from typing import Final

from libs.common.events.assigner import AddressesInsufficient, PropertiesAssigned
from libs.common.events.base import Event, JobEvent, JobKind, Step
from libs.common.events.gateway import ClientErased, ClientProcess, ClientRegistered, JobFailed
from libs.common.events.notifier import MailKind, MailSettled, MailState
from libs.common.events.scheduler import PreNotification, SendDay
from libs.common.events.scraper import PropertiesReady
from libs.common.events.steps import StepFailed, StepProgressed

EVENTS: Final[dict[str, type[Event]]] = {
    event.type: event
    for event in (
        ClientProcess,
        ClientRegistered,
        ClientErased,
        JobFailed,
        PropertiesReady,
        StepProgressed,
        StepFailed,
        PropertiesAssigned,
        AddressesInsufficient,
        MailSettled,
        SendDay,
        PreNotification,
    )
}
"""Every event that may be on a topic, by its CloudEvents type."""

TOPICS: Final = tuple(event.topic for event in EVENTS.values())

__all__ = [
    "EVENTS",
    "TOPICS",
    "AddressesInsufficient",
    "ClientErased",
    "ClientProcess",
    "ClientRegistered",
    "Event",
    "JobEvent",
    "JobFailed",
    "JobKind",
    "MailKind",
    "MailSettled",
    "MailState",
    "PreNotification",
    "PropertiesAssigned",
    "PropertiesReady",
    "SendDay",
    "Step",
    "StepFailed",
    "StepProgressed",
]
