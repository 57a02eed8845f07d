"""Facts that the scraper publishes."""

from typing import ClassVar

from libs.common.events.gateway import ClientProcess


class PropertiesReady(ClientProcess, frozen=True, kw_only=True):
    """The stock of a job's cities is as good as the sources allow.

    `notes` say what a person should know: years that no source covers, sources that failed.
    """

    topic: ClassVar[str] = "properties.ready"
    type: ClassVar[str] = "trackimmo.properties.ready.v1"

    notes: tuple[str, ...] = ()
