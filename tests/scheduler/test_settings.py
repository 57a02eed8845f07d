import pytest

from libs.common.settings import SettingsError, load
from services.scheduler.settings import SchedulerSettings

REQUIRED = {"DATABASE_URL": "postgresql://scheduler@db/t", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}


def test_the_day_runs_at_nine_in_paris_unless_told_otherwise():
    timetable = load(SchedulerSettings, REQUIRED).timetable

    assert (timetable.at.isoformat(), timetable.zone.key, timetable.catch_up_days) == (
        "09:00:00",
        "Europe/Paris",
        7,
    )


@pytest.mark.parametrize(
    "variable,value",
    [
        ("SCHEDULE_TIME", "9 o'clock"),
        ("SCHEDULE_TIME", "24:00"),
        ("SCHEDULE_TZ", "Mars/Olympus"),
        ("SCHEDULE_TZ", "../etc/passwd"),
        ("CATCH_UP_DAYS", "-1"),
        ("SCHEDULER_ENABLED", "perhaps"),
    ],
)
def test_a_setting_that_cannot_be_followed_is_refused_by_name(variable: str, value: str):
    with pytest.raises(SettingsError, match=variable):
        load(SchedulerSettings, REQUIRED | {variable: value})
