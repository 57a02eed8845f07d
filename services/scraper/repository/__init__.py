"""The scraper's tables, each port of the handlers on one connection.

- `cities`: what is known of a city, and what a refresh makes of it
- `jobs`: who waits for which city
- `refreshes`: the queue of the workers, its leases and fences
- `places`: the communes of France
- `outlines`: their outlines, as far as somebody wants them
- `prices`: medians of our own sales
- `history`: the same by month, quarter and year
"""

from services.scraper.repository.cities import PostgresCities
from services.scraper.repository.jobs import PostgresJobs
from services.scraper.repository.outlines import PostgresOutlines
from services.scraper.repository.places import PlaceRow, store_places
from services.scraper.repository.refreshes import PostgresRefreshes

__all__ = [
    "PlaceRow",
    "PostgresCities",
    "PostgresJobs",
    "PostgresOutlines",
    "PostgresRefreshes",
    "store_places",
]
