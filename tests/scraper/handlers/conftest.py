"""The scraper with a department to import."""

import pytest

from services.scraper.repository import store_places
from tests.scraper.department import department, put
from tests.scraper.stage import Scraper, Shelf, flat, flats, place


@pytest.fixture
async def ain(scraper: Scraper, shelf: Shelf) -> Scraper:
    """Three communes, one with nothing sold; flats of 2019 and 2023, one of them sold twice."""
    codes = ("01053", "01451", "01004")
    merged = place("01426", former_codes=("01312",), expands_to=("01426",))
    rows = [*(place(code) for code in codes), merged, place("01999", expands_to=("01053",))]
    await store_places(scraper.connection, rows, {})
    for year in (2019, 2023):
        put(
            shelf,
            year,
            *flats(f"{year}-05-02", 3 if year == 2019 else 1),
            *flats(f"{year}-06-02", 2, code_commune="01451", id_parcelle=f"01451000AB{year}"),
            flat(f"{year}-07-02", 9, code_commune="01312", id_parcelle="01312000AB0009"),
        )
    scraper.ask(department(shelf))
    return scraper
