"""Sales enter the stock: COPY into a staging table, then one upsert for a city's years."""

from services.scraper.loader.stock import PostgresStock

__all__ = ["PostgresStock"]
