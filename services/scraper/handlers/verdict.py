"""What is known of a year once every publisher that might have it has been asked."""

from collections.abc import Sequence

from services.scraper.handlers.ports import Attempt, Place, Verdict


def verdict(year: int, asked: Sequence[Attempt], served: Attempt | None, place: Place) -> Verdict:
    """The year's state: what served it, else what failed, else that nobody has it.

    A year that we hold already stays read when its publishers have dropped it.
    """
    if served is not None:
        return Verdict(state="read" if served.lines else "no_sale", attempt=served)
    errors = [one.error for one in asked if one.year == year and one.error]
    if errors:
        return Verdict(state="failed", error=" / ".join(errors))
    return Verdict(state="read" if year in place.known else "not_covered")
