"""The sales rule: from a sales file to identified sales. Pure apart from reading the file.

- `source`: the bytes, unpacked and checked; every way to be broken has a name
- `raw`: the tax authority's own layout, in the columns of geo-DVF
- `lines`: one typed row per line of the file, sorted so that a sale's lines stand together
- `group`: lines to sales; dwellings counted, land summed
- `kind`: what a sale is, why it is no single home, whether it is offered
- `address`: the printable line, and whether a letter would arrive
- `identity`: `property_id`, `home_key`, and the keys that tell whether a home was resold
- `reading`: all of it, with its counts
"""

from services.scraper.sales.reading import Reading, read_sales
from services.scraper.sales.source import SalesFileError

__all__ = ["Reading", "SalesFileError", "read_sales"]
