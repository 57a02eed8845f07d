"""Who must have handled what: read from the services' own tables of handlers."""

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Final

from libs.common.consumer import Consumer
from libs.common.settings import load
from services.assigner.main import consumer as assigner
from services.assigner.settings import AssignerSettings
from services.gateway.main import consumer as gateway
from services.gateway.settings import GatewaySettings
from services.notifier.main import consumer as notifier
from services.notifier.settings import NotifierSettings
from services.scraper.main import consumer as scraper
from services.scraper.settings import ScraperSettings

SCHEMAS: Final = ("gateway", "scraper", "assigner", "notifier", "scheduler")
"""Of the services; each has an outbox, an inbox and held messages."""

ANY: Final[Mapping[str, str]] = {
    "DATABASE_URL": "postgresql://nobody@nowhere/none",
    "KAFKA_BOOTSTRAP_SERVERS": "nowhere:9092",
    "API_KEY": "one that nobody asks for",
    "SECRET_KEY": "another that nobody asks for",
    "EMAIL_SENDER": "Nobody <nobody@trackimmo.example>",
    "SMTP_SERVER": "nowhere.example",
    "CTO_EMAIL": "nobody@trackimmo.example",
}
"""Settings that only have to be there: nothing is started with them."""


@cache
def consumers() -> Mapping[str, Consumer]:
    """The consumers by name."""
    wake = asyncio.Event()
    made = (
        gateway(load(GatewaySettings, ANY), wake),
        scraper(load(ScraperSettings, ANY), wake),
        assigner(load(AssignerSettings, ANY), wake),
        notifier(load(NotifierSettings, ANY), relay=wake, asked=wake),
    )
    return {consumer.name: consumer for consumer in made}


@cache
def readers() -> tuple[tuple[str, str], ...]:
    """Each type of event with each consumer that must handle it."""
    return tuple(
        (event.type, consumer.name)
        for consumer in consumers().values()
        for event in consumer.handlers
    )


@cache
def subscriptions() -> Mapping[str, tuple[str, ...]]:
    """The topics of each group, without a prefix."""
    return {
        consumer.name: tuple({event.topic: None for event in consumer.handlers})
        for consumer in consumers().values()
    }


def everywhere(statement: str) -> str:
    """A statement about each schema, of which `{schema}` is the name, as one."""
    return " union all ".join(statement.format(schema=schema) for schema in SCHEMAS)
