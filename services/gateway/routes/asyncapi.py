"""The events of the system (AsyncAPI 3.0), drawn from their types; nothing can be sent from here."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from libs.common.events import EVENTS, Event
from services.gateway.routes.health import VERSION

DESCRIPTION: Final = """\
What happens in TrackImmo, as its services tell each other over Kafka. This is a document: nothing
can be sent from it, and no one outside writes to these topics; to have something done, use the API.

A message is a CloudEvent 1.0 in Kafka's binary mode: the fields of the event as JSON in the value,
all else in headers. Its key is the entity whose order helps. Messages may come more than once and
in any order: `ce_id` tells a repetition. Fields are only ever added, and a reader ignores those it
does not know; anything else is a new type with the next version. No message holds a name, a mail
address or a telephone number.
"""

CONSUMERS: Final[Mapping[str, tuple[str, ...]]] = {
    "gateway": (
        "properties.ready",
        "properties.assigned",
        "addresses.insufficient",
        "step.progressed",
        "step.failed",
        "mail.settled",
        "schedule.send_day",
    ),
    "scraper": ("client.process",),
    "assigner": ("properties.ready", "client.erased"),
    "notifier": (
        "properties.assigned",
        "addresses.insufficient",
        "job.failed",
        "client.registered",
        "client.erased",
        "schedule.pre_notification",
    ),
}
"""Which service reads which topics."""
WORKERS: Final = ("scraper", "assigner", "notifier")
"""Each publishes the events of the step that it works."""

TEXT: Final = {"type": "string"}
HEADERS: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "content-type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**TEXT, "format": "uuid", "description": "The event; the same over repetitions"},
        "ce_source": {**TEXT, "description": "The service that tells it: `/gateway`"},
        "ce_type": {**TEXT, "description": "What happened, with its version"},
        "ce_subject": {**TEXT, "description": "The message's key"},
        "ce_time": {**TEXT, "format": "date-time", "description": "When it was written, UTC"},
        "content-type": {"const": "application/json"},
        "traceparent": {**TEXT, "description": "W3C Trace Context of what caused it"},
        "correlation_id": {**TEXT, "description": "The job, where there is one"},
        "causation_id": {**TEXT, "format": "uuid", "description": "`ce_id` of the event that caused it"},
    },
}  # fmt: skip


def describe() -> dict[str, Any]:
    """The AsyncAPI document of every topic."""
    reference = "#/components/schemas/{name}"
    _, schemas = msgspec.json.schema_components([*EVENTS.values()], ref_template=reference)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "TrackImmo events", "version": VERSION, "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {event.topic: _channel(event) for event in EVENTS.values()},
        "operations": _operations(),
        "components": {
            "messages": {event.topic: _message(event) for event in EVENTS.values()},
            "schemas": {**schemas, "Headers": HEADERS},
        },
    }


def publishers(event: type[Event]) -> tuple[str, ...]:
    """Who tells an event: the service after which its module is named, or whoever works a step."""
    owner = event.__module__.rpartition(".")[2]
    return WORKERS if owner == "steps" else (owner,)


def consumers(event: type[Event]) -> tuple[str, ...]:
    """Who reads its topic."""
    return tuple(service for service, topics in CONSUMERS.items() if event.topic in topics)


def _channel(event: type[Event]) -> dict[str, Any]:
    return {
        "address": event.topic,
        "description": f"Told by {_listed(publishers(event))}, read by {_listed(consumers(event))}.",
        "messages": {event.topic: {"$ref": f"#/components/messages/{event.topic}"}},
        "bindings": {"kafka": {"topic": event.topic}},
    }


def _message(event: type[Event]) -> dict[str, Any]:
    summary, _, description = (event.__doc__ or "").strip().partition("\n")
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": summary,
        "description": " ".join(description.split()),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/Headers"},
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "bindings": {"kafka": {"key": {"type": "string"}}},
    }


def _operations() -> dict[str, Any]:
    return {
        f"{service}.{action}.{event.topic}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{event.topic}"},
            "messages": [{"$ref": f"#/channels/{event.topic}/messages/{event.topic}"}],
        }
        for event in EVENTS.values()
        for action, services in (("send", publishers(event)), ("receive", consumers(event)))
        for service in services
    }


def _listed(services: tuple[str, ...]) -> str:
    return ", ".join(services) or "nobody here"
