"""A door whose people object is off, whenever and from whichever file it comes."""

import asyncio
from typing import Any

from services.scraper.repository import store_places
from tests.scraper.department import imported, nobody_writes, waiting
from tests.scraper.loader.test_stock import candidates, read_again
from tests.scraper.stage import Scraper, Shelf, asking, flat, flats, place

OPPOSE = "select id, is_new, field, refusal from scraper.oppose($1, $2, '')"


async def oppose(scraper: Scraper, address: str, insee: str = "01053") -> Any:
    gateway = await scraper.database.connect("gateway")
    [row] = await gateway.fetch(OPPOSE, address, insee)
    return row


async def doors(scraper: Scraper) -> list[str]:
    return sorted(row["address"] for row in await candidates(scraper))


async def test_every_flat_at_the_address_is_off_at_once(scraper: Scraper, shelf: Shelf):
    await store_places(scraper.connection, [place("01053", "Bourg")], {})
    shelf.put(
        2019,
        *(flat("2019-05-02", 7, lot1_numero=lot, valeur_fonciere=90_000 + lot) for lot in (1, 2)),
        flat("2019-05-02", 8),
        flat("2019-05-02", 7, adresse_suffixe="B", lot1_numero=9, valeur_fonciere=50_000),
    )
    await scraper.refreshed("01053")
    before = await doors(scraper)

    opposed = await oppose(scraper, "7, rue du Lac, 01000 Bourg")

    assert before == ["7 B RUE DU LAC", "7 RUE DU LAC", "7 RUE DU LAC", "8 RUE DU LAC"]
    assert await doors(scraper) == ["7 B RUE DU LAC", "8 RUE DU LAC"]
    assert opposed["is_new"]
    assert await scraper.value("select doors from opposition_overview") == 2


async def test_a_door_that_a_later_file_brings_is_never_on_offer(scraper: Scraper, shelf: Shelf):
    await store_places(scraper.connection, [place("01053", "Bourg")], {})
    await oppose(scraper, "7 rue du lac")
    await scraper.refreshed("01053")
    first = await doors(scraper)

    await read_again(
        scraper, *flats("2019-05-02"), flat("2019-06-02", 7, lot1_numero=44), shelf=shelf
    )

    assert len(first) == 29
    assert "7 RUE DU LAC" not in [*first, *await doors(scraper)]
    assert await scraper.value("select doors from opposition_overview") == 2


async def test_an_import_covers_what_it_brings(scraper: Scraper, shelf: Shelf):
    await store_places(scraper.connection, [place("01053", "Bourg")], {})
    await oppose(scraper, "7 rue du lac")
    (shelf.folder / "2019" / "01.csv").write_bytes(shelf.path(2019).read_bytes())
    scraper.ask(f"file://{shelf.folder}/{{year}}/{{department}}.csv")

    await imported(scraper)

    assert len(await doors(scraper)) == 29


async def test_an_opposition_in_paris_covers_its_arrondissements(scraper: Scraper, places: None):
    admin = await scraper.database.connect()
    await scraper.refreshed("01053")
    await admin.execute("update scraper.property set insee_code = '75104'")

    await oppose(scraper, "7 rue du Lac, Paris", "75056")
    one = await oppose(scraper, "7 rue du Lac", "75104")
    await admin.execute("select scraper.lift_opposition($1)", one["id"])

    assert len(await doors(scraper)) == 29


async def test_an_opposition_to_a_commune_that_has_merged_moves_with_it(scraper: Scraper):
    merged = [place("01053", "Bourg", former_codes=("01999",)), place("01999", "Vieux")]
    await store_places(scraper.connection, merged, {})
    await oppose(scraper, "7 rue du Lac", "01999")
    await store_places(scraper.connection, merged[:1], {"01999": "01053"})

    await scraper.refreshed("01053")

    assert len(await doors(scraper)) == 29


async def test_what_is_lifted_is_offered_again(scraper: Scraper):
    await store_places(scraper.connection, [place("01053", "Bourg")], {})
    await scraper.refreshed("01053")
    made = await oppose(scraper, "7 rue du lac")
    gateway = await scraper.database.connect("gateway")

    lifted = await gateway.fetchval("select scraper.lift_opposition($1)", made["id"])

    assert lifted
    assert len(await doors(scraper)) == 30
    assert not await gateway.fetchval("select scraper.lift_opposition($1)", made["id"])


async def test_an_opposition_made_during_a_load_misses_nothing_of_it(scraper: Scraper):
    """Whichever comes first, the other one sees it: the opposition waits for the load's commit."""
    await store_places(scraper.connection, [place("01053", "Bourg")], {})
    await scraper.process(asking("01053"))
    async with nobody_writes(scraper):
        loading = asyncio.create_task(scraper.work())
        await waiting(scraper)
        opposing = asyncio.create_task(oppose(scraper, "7 rue du lac"))
        await waiting(scraper, 2)
    await asyncio.gather(loading, opposing)

    assert len(await doors(scraper)) == 29
