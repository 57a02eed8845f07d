"""Sales files as their publishers gave them, kept for the day on which they give them no more.

- `archive`: the one door for whoever wants a file, by publisher, place and year
- `http`: asks a publisher, streams to disk, gives up on who stalls
- `local`: files of this disk, read in place
- `store`: content under its fingerprint, and what is known of each URL
- `unpack`: the text of a file in blocks, plain, gzip or zip, bounded
- `split`: a file of the whole country, by department
"""

from services.scraper.archive.archive import Archive
from services.scraper.archive.local import path_of
from services.scraper.archive.store import Store

__all__ = ["Archive", "Store", "path_of"]
