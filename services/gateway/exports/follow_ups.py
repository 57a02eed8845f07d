"""What an agent means to do, as a file for a calendar (RFC 5545)."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from icalendar import Calendar, Event

from services.gateway.exports.cells import Row
from services.gateway.exports.words import Words

PRODUCT: Final = "-//TrackImmo//follow-ups//FR"
LONGEST_NOTE: Final = 2000


def calendar_ics(rows: Iterable[Row], words: Words, *, client_id: UUID) -> bytes:
    """A whole-day entry for each home with a day to follow it up.

    An entry keeps its identity: a calendar that takes the file again replaces what it had.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", words.follow_ups)
    for row in rows:
        if row["follow_up"]:
            calendar.add_component(_entry(row, words, client_id))
    return calendar.to_ical()


def _entry(row: Row, words: Words, client_id: UUID) -> Event:
    place = (
        row["printed_address"] or f"{row['address_raw']}, {row['postal_code']} {row['city_name']}"
    )
    event = Event()
    event.add("uid", f"{row['address_id']}.{client_id}@trackimmo")
    event.add("dtstamp", row["followed_at"])
    event.add("last-modified", row["followed_at"])
    event.add("dtstart", row["follow_up"])
    if row["follow_up"] < date.max:  # without an end it is a day just the same
        event.add("dtend", row["follow_up"] + timedelta(days=1))
    event.add("summary", words.call_again.format(address=place))
    event.add("location", place)
    event.add("transp", "TRANSPARENT")
    stage = words.stages[row["follow_status"]]
    event.add("description", "\n".join(filter(None, (stage, (row["notes"] or "")[:LONGEST_NOTE]))))
    return event
