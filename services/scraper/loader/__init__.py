"""Sales enter the stock.

- `rows`: the sales of a file in the columns of the stock, each with a digest of all it says
- `judge`: which of them are superseded by others
- `load`: a set of communes, year by year: new ones by COPY, known ones where they changed
- `known`: what changed enters by a staging table, and their communes are judged again
- `copying`, `statements`: to PostgreSQL and back
- `stock`: the port of the handlers
"""

from services.scraper.loader.stock import PostgresStock

__all__ = ["PostgresStock"]
