from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from tests.scraper.stage import Scraper, Shelf, flat, flats

SALE = flat("2019-05-02", 7)


async def read_again(scraper: Scraper, *lines: dict[str, str], shelf: Shelf, year: int = 2019):
    """A revised file of that year, read by a refresh three months later."""
    shelf.put(year, *lines)
    await scraper.database.advance(timedelta(days=91))
    await scraper.refreshed("01053")


async def first_read(scraper: Scraper, *lines: dict[str, str], shelf: Shelf):
    shelf.put(2019, *lines)
    await scraper.refreshed("01053")


async def candidates(scraper: Scraper) -> list[Any]:
    return await scraper.connection.fetch("select * from candidate order by sold_on, property_id")


async def test_a_sale_is_on_offer_with_its_facts(scraper: Scraper, shelf: Shelf):
    await first_read(
        scraper, {**SALE, "adresse_suffixe": "B", "valeur_fonciere": "109000.5"}, shelf=shelf
    )

    [sale] = await candidates(scraper)

    assert sale["address"] == "7 B RUE DU LAC"
    assert (sale["postal_code"], sale["city_name"]) == ("01000", "Bourg-en-Bresse")
    assert (sale["kind"], sale["sold_on"]) == ("apartment", date(2019, 5, 2))
    assert (str(sale["price_eur"]), sale["surface_m2"], sale["rooms"]) == ("109000.50", 50, 2)
    assert (sale["latitude"], sale["longitude"]) == (46.2, 5.2)
    assert (sale["source"], sale["insee_code"]) == ("geo-dvf", "01053")


async def test_a_row_leads_to_its_line_of_its_file(scraper: Scraper, shelf: Shelf):
    await first_read(scraper, *flats("2019-05-02", 3), shelf=shelf)
    file = shelf.path(2019).read_bytes()

    for sale in await scraper.sales("01053"):
        assert sale["file_sha256"] == sha256(file).hexdigest()
        line = file.decode().splitlines()[sale["line"] - 1]
        assert sale["address"].split()[0] in line.split(",")


async def test_a_number_beyond_belief_keeps_no_city_out(scraper: Scraper, shelf: Shelf):
    absurd = [
        {"nombre_pieces_principales": "-1"},
        {"surface_terrain": "nan"},
        {"surface_terrain": "1e30", "surface_reelle_bati": "1e17"},
        {"valeur_fonciere": "9e16"},
        {"longitude": "inf"},
    ]
    lines = [
        flat("2019-05-02", at, **{"valeur_fonciere": 100_000 + at, **change})
        for at, change in enumerate(absurd, 1)
    ]

    await first_read(scraper, *lines, SALE, shelf=shelf)

    assert await scraper.value("select state from refresh") == "done"
    sales = await scraper.sales("01053")
    assert len(sales) == 6
    assert {(sale["rooms"], sale["land_m2"]) for sale in sales} <= {(2, None), (None, None)}


async def test_the_same_sales_loaded_twice_change_nothing(scraper: Scraper, shelf: Shelf):
    lines = flats("2019-05-02")
    await first_read(scraper, *lines, shelf=shelf)
    before = await scraper.sales("01053")

    await scraper.connection.execute("update city_year set file_sha256 = repeat('0', 64)")
    await read_again(scraper, *lines, shelf=shelf)

    assert await scraper.value("select count(*) from download where state = 'loaded'") == 2
    assert await scraper.sales("01053") == before


async def test_a_revised_sale_keeps_its_id(scraper: Scraper, shelf: Shelf):
    """Another price is another sale to the file, yet the same door on the same day."""
    await first_read(scraper, SALE, *flats("2019-06-02", 3), shelf=shelf)
    [before, *_] = await candidates(scraper)

    await read_again(
        scraper, {**SALE, "valeur_fonciere": "120000"}, *flats("2019-06-02", 3), shelf=shelf
    )

    [after, *others] = await candidates(scraper)
    assert len(others) == 3
    assert after["property_id"] == before["property_id"]
    assert (before["price_eur"], after["price_eur"]) == (100_000, 120_000)
    assert await scraper.value("select count(*) from property") == 4


async def test_a_revision_and_its_return_keep_the_id(scraper: Scraper, shelf: Shelf):
    await first_read(scraper, SALE, shelf=shelf)
    [before] = await candidates(scraper)

    await read_again(scraper, {**SALE, "valeur_fonciere": "120000"}, shelf=shelf)
    await read_again(scraper, SALE, shelf=shelf)

    [after] = await candidates(scraper)
    assert (after["property_id"], after["price_eur"]) == (before["property_id"], 100_000)


async def test_two_tellings_of_a_sale_at_once_are_two_sales(scraper: Scraper, shelf: Shelf):
    """The old telling comes back beside the new one that took its id."""
    dearer = {**SALE, "valeur_fonciere": "120000"}
    await first_read(scraper, SALE, shelf=shelf)
    await read_again(scraper, dearer, shelf=shelf)

    await read_again(scraper, SALE, dearer, shelf=shelf)

    assert len({sale["property_id"] for sale in await scraper.sales("01053")}) == 2
    assert len(await candidates(scraper)) == 1  # one door


async def test_what_a_newer_file_lacks_is_kept_but_not_offered(scraper: Scraper, shelf: Shelf):
    stays, goes = flats("2019-05-02", 2)
    await first_read(scraper, stays, goes, shelf=shelf)

    await read_again(scraper, stays, shelf=shelf)
    gone = await scraper.value("select count(*) from property where vanished_at is not null")
    offered = len(await candidates(scraper))
    await read_again(scraper, stays, goes, shelf=shelf)

    assert (gone, offered) == (1, 1)
    assert len(await candidates(scraper)) == 2


async def test_a_year_without_a_file_takes_nothing_away(scraper: Scraper, shelf: Shelf):
    await first_read(scraper, *flats("2019-05-02", 3), shelf=shelf)

    shelf.path(2019).unlink()
    await scraper.database.advance(timedelta(days=91))
    await scraper.refreshed("01053")

    assert len(await candidates(scraper)) == 3


async def test_a_home_that_was_sold_again_is_offered_no_more(scraper: Scraper, shelf: Shelf):
    """In a later year, out of the window: its owner is not the one of six to eight years ago."""
    await first_read(scraper, *flats("2019-05-02", 3), shelf=shelf)

    await read_again(scraper, flat("2024-05-02", 2), shelf=shelf, year=2024)

    offered = await candidates(scraper)
    assert [(sale["address"], sale["sold_on"].year) for sale in offered] == [
        ("1 RUE DU LAC", 2019),
        ("3 RUE DU LAC", 2019),
        ("2 RUE DU LAC", 2024),
    ] or {(sale["address"], sale["sold_on"].year) for sale in offered} == {
        ("1 RUE DU LAC", 2019),
        ("3 RUE DU LAC", 2019),
        ("2 RUE DU LAC", 2024),
    }


async def test_a_resale_that_was_an_error_puts_the_home_back_on_offer(
    scraper: Scraper, shelf: Shelf
):
    await first_read(scraper, SALE, shelf=shelf)
    await read_again(scraper, flat("2024-05-02", 7), shelf=shelf, year=2024)

    await read_again(scraper, flat("2024-05-02", 9), shelf=shelf, year=2024)

    assert {(sale["address"], sale["sold_on"].year) for sale in await candidates(scraper)} == {
        ("7 RUE DU LAC", 2019),
        ("9 RUE DU LAC", 2024),
    }


async def test_one_home_sold_twice_on_one_day_is_one_line(scraper: Scraper, shelf: Shelf):
    await first_read(scraper, SALE, {**SALE, "numero_disposition": "000002"}, shelf=shelf)

    assert await scraper.value("select count(*) from property") == 2
    assert len(await candidates(scraper)) == 1


async def test_flats_of_one_house_are_distinct(scraper: Scraper, shelf: Shelf):
    await first_read(
        scraper, SALE, {**SALE, "lot1_numero": "2", "valeur_fonciere": "99000"}, shelf=shelf
    )

    assert len(await candidates(scraper)) == 2


async def test_a_made_up_number_is_not_offered(scraper: Scraper, shelf: Shelf):
    await first_read(scraper, {**SALE, "adresse_numero": "5007"}, shelf=shelf)

    assert await scraper.value("select count(*) from property") == 1
    assert await candidates(scraper) == []


async def test_a_home_whose_owner_objects_is_not_offered(scraper: Scraper, shelf: Shelf):
    await first_read(scraper, *flats("2019-05-02", 2), shelf=shelf)
    [objecting, other] = await candidates(scraper)

    await scraper.connection.execute(
        "with told as (insert into opposition (insee_code, door_key, address) values ('01053', '', '') returning id)"
        " insert into opposed_door (home_key, opposition_id) select $1, id from told",
        objecting["home_key"],
    )

    assert [sale["home_key"] for sale in await candidates(scraper)] == [other["home_key"]]


async def test_a_merged_commune_is_read_under_its_name_of_today(scraper: Scraper, shelf: Shelf):
    await scraper.connection.execute(
        "insert into place (insee_code, city_id, name, department, region, former_codes, search)"
        " values ('01053', uuidv7(), 'Bourg', 'Ain', '', '{01999}', 'bourg')"
    )
    await first_read(scraper, {**SALE, "code_commune": "01999"}, shelf=shelf)

    [sale] = await candidates(scraper)

    assert (sale["insee_code"], sale["city_name"]) == ("01053", "Bourg")


async def test_a_load_leaves_no_staging_rows(scraper: Scraper):
    await scraper.refreshed("01053")

    assert await scraper.value("select count(*) from sale_staging") == 0
