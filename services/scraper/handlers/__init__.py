"""What the scraper does.

- `process`: a job asks for its stock; cities that are fresh enough answer at once
- `gather`: every year of a city, each from the first publisher that serves it
- `refresh`: what was gathered enters the stock, and the jobs that waited go on
- `settle`: a job whose cities are all read is ready, or its sources have failed it
- `worker`: claims refreshes, one after the other, under a lease
- `outlines`: beside all that, the outlines of the communes that were read
- `ports`: what they need from the outside
"""

from services.scraper.handlers.outlines import keep_outlines
from services.scraper.handlers.ports import Books, OpenBooks
from services.scraper.handlers.process import process_clients
from services.scraper.handlers.worker import Worker

__all__ = ["Books", "OpenBooks", "Worker", "keep_outlines", "process_clients"]
