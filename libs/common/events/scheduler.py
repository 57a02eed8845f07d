"""Facts that the scheduler publishes."""

from datetime import date
from typing import ClassVar

from libs.common.events.base import Event


class SendDay(Event, frozen=True, kw_only=True):
    """The clients of this day are due; `late` when the tick was caught up."""

    topic: ClassVar[str] = "schedule.send_day"
    type: ClassVar[str] = "trackimmo.schedule.send_day.v1"

    due_on: date
    late: bool = False

    @property
    def key(self) -> str:
        return self.due_on.isoformat()


class PreNotification(Event, frozen=True, kw_only=True):
    """Notices go out on `due_on` for the clients of the day after."""

    topic: ClassVar[str] = "schedule.pre_notification"
    type: ClassVar[str] = "trackimmo.schedule.pre_notification.v1"

    due_on: date
    late: bool = False

    @property
    def key(self) -> str:
        return self.due_on.isoformat()
