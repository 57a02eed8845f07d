"""What the scheduler is told by its environment."""

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from libs.common.settings import CommonSettings
from services.scheduler.domain import Timetable


class SchedulerSettings(CommonSettings, frozen=True, kw_only=True):
    """Common settings, and when a day's ticks are due."""

    schedule_time: Annotated[
        str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["09:00"])
    ] = "09:00"
    schedule_tz: Annotated[str, msgspec.Meta(examples=["Europe/Paris"])] = "Europe/Paris"
    catch_up_days: Annotated[int, msgspec.Meta(ge=0, le=366)] = 7
    scheduler_enabled: bool = True
    """False stops the loop only; the relay and `request_tick` go on."""

    def __post_init__(self) -> None:
        """Refuse a zone that is not known here."""
        try:
            ZoneInfo(self.schedule_tz)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"SCHEDULE_TZ ({self.schedule_tz!r}) is no time zone known here,"
                " for example Europe/Paris"
            ) from error

    @property
    def timetable(self) -> Timetable:
        """The same as the rules read it."""
        return Timetable(
            at=time.fromisoformat(self.schedule_time),
            zone=ZoneInfo(self.schedule_tz),
            catch_up_days=self.catch_up_days,
        )
