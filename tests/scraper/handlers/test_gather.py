import gzip
import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from deploy.simulator.server import Publisher
from libs.common.events import PropertiesReady, StepFailed, StepProgressed
from services.scraper.archive.bounds import Bounds
from tests.scraper.stage import COLUMNS, GEO_DVF, Scraper, Shelf, asking, flat, flats

FLATS = flats("2019-05-02")


def downloads(rows):
    return [(row["year"], row["state"]) for row in rows]


async def all_downloads(scraper: Scraper, year: int):
    return await scraper.connection.fetch(
        "select * from download where year = $1 order by fetched_at, id", year
    )


@pytest.mark.parametrize(
    "fault,code",
    [("html", "html"), ("truncated", "truncated_gzip"), ("columns", "missing_columns")],
)
async def test_a_broken_file_is_a_named_error_and_the_city_not_fresh(
    scraper: Scraper, publisher: Publisher, fault: str, code: str
):
    scraper.ask(f"{publisher.url}/faults/{fault}{GEO_DVF}")

    progress, failed = await scraper.refreshed("01053")

    assert isinstance(progress, StepProgressed)
    assert f"01053: 2018: {code}: " in progress.note
    assert isinstance(failed, StepFailed)
    assert not failed.permanent
    assert f"{code}: {publisher.url}" in failed.reason
    city = await scraper.row("select * from city where insee_code = '01053'")
    assert city["last_scraped"] is None
    assert f"2018: {code}: " in city["error"]
    assert await scraper.value("select state from refresh_overview") == "failed"


async def test_a_publisher_that_refuses_is_a_named_error(scraper: Scraper, shelf: Shelf):
    shelf.put(2019, *FLATS)
    strict = msgspec.structs.replace(scraper.archive, bounds=Bounds(file_bytes=1000))
    scraper.worker = msgspec.structs.replace(scraper.worker, files=strict)

    progress, _ = await scraper.refreshed("01053")

    assert "01053: 2019: too_large: " in progress.note
    assert (2019, "broken") in downloads(await all_downloads(scraper, 2019))


async def test_a_broken_file_is_kept_to_be_looked_at(
    scraper: Scraper, publisher: Publisher, tmp_path: Path
):
    scraper.ask(f"{publisher.url}/faults/html{GEO_DVF}")
    await scraper.refreshed("01053")

    [row] = await all_downloads(scraper, 2018)

    assert row["state"] == "broken"
    assert row["sha256"]
    kept = tmp_path / "archive" / row["sha256"][:2] / row["sha256"]
    assert b"Service indisponible" in kept.read_bytes()


async def test_a_failed_city_is_not_tried_again_for_an_hour(scraper: Scraper, publisher: Publisher):
    scraper.ask(f"{publisher.url}/faults/html{GEO_DVF}")
    await scraper.refreshed("01053")

    [at_once] = await scraper.process(asking("01053"))
    await scraper.database.advance(timedelta(hours=1, seconds=5))
    [later] = await scraper.process(asking("01053"))

    assert isinstance(at_once, StepFailed)
    assert isinstance(later, StepProgressed)


async def test_a_failed_city_fails_no_job_that_has_enough(scraper: Scraper, shelf: Shelf):
    shelf.put(2019, *FLATS)
    shelf.put_bytes(2020, b"<html>", insee="01053")
    scraper.ask(shelf.template)

    progress, ready = await scraper.refreshed("01053")

    assert "2020: html: " in progress.note
    assert isinstance(ready, PropertiesReady)
    assert ready.notes[0].startswith("01053: 2020: html: ")
    assert await scraper.value("select count(*) from candidate") == 30


async def test_homes_that_a_client_has_do_not_count_as_stock(scraper: Scraper, shelf: Shelf):
    shelf.put(2019, *FLATS)
    shelf.put_bytes(2020, b"<html>")
    scraper.ask(shelf.template)
    job = asking("01053", count=30)
    await scraper.process(job)
    await scraper.work()
    await scraper.deliver_one(job)

    [other] = await scraper.process(asking("01053", count=30))
    [same] = await scraper.process(asking("01053", count=30, client_id=job.client_id))

    assert isinstance(other, PropertiesReady)
    assert isinstance(same, StepFailed)


async def test_the_next_source_serves_what_the_first_cannot(scraper: Scraper, publisher: Publisher):
    scraper.ask(f"{publisher.url}/faults/html{GEO_DVF}", publisher.url + GEO_DVF)

    _, ready = await scraper.refreshed("01053")

    assert isinstance(ready, PropertiesReady)
    assert downloads(await all_downloads(scraper, 2019)) == [(2019, "broken"), (2019, "loaded")]
    assert await scraper.value("select last_scraped is not null from city")


@pytest.mark.parametrize("down", ["/faults/500", "refused"])
async def test_a_source_that_is_down_gives_way_to_the_next(
    scraper: Scraper, publisher: Publisher, down: str
):
    root = "http://127.0.0.1:9" if down == "refused" else publisher.url + down
    scraper.ask(root + GEO_DVF, publisher.url + GEO_DVF)

    _, ready = await scraper.refreshed("01451")

    assert isinstance(ready, PropertiesReady)
    assert downloads(await all_downloads(scraper, 2019)) == [(2019, "down"), (2019, "loaded")]


async def test_no_source_up_is_a_named_error(scraper: Scraper, publisher: Publisher):
    scraper.ask(f"{publisher.url}/faults/500{GEO_DVF}")

    _, failed = await scraper.refreshed("01451")

    assert isinstance(failed, StepFailed)
    assert "answers 500" in failed.reason


async def test_an_unchanged_file_is_not_loaded_again(scraper: Scraper, shelf: Shelf):
    shelf.put(2019, *FLATS)
    scraper.ask(shelf.template)
    await scraper.refreshed("01053")

    await scraper.database.advance(timedelta(days=91))
    await scraper.refreshed("01053")

    assert [row["state"] for row in await all_downloads(scraper, 2019)] == ["loaded", "unchanged"]
    assert await scraper.value("select count(*) from candidate") == 30


async def test_a_gzip_file_is_read_by_its_first_bytes(scraper: Scraper, shelf: Shelf):
    shelf.put(2019, *FLATS)
    plain = shelf.path(2019).read_bytes()
    shelf.put_bytes(2019, gzip.compress(plain))
    scraper.ask(shelf.template)

    await scraper.refreshed("01053")

    assert await scraper.value("select count(*) from candidate") == 30


async def test_a_file_of_another_commune_is_broken(scraper: Scraper, shelf: Shelf):
    shelf.put(2019, flat("2019-05-02", code_commune="01004"))
    scraper.ask(shelf.template)

    progress, _ = await scraper.refreshed("01053")

    assert "2019: other_commune: " in progress.note


async def test_what_was_rejected_is_counted_with_the_download(scraper: Scraper, shelf: Shelf):
    shelf.put(2019, *FLATS, flat("2019-06-01", nature_mutation="Echange"))
    scraper.ask(shelf.template)
    await scraper.refreshed("01053")

    [row] = await all_downloads(scraper, 2019)

    assert (row["lines"], row["groups"]) == (31, 31)
    assert row["rejected"]["nature"] == 1


async def test_real_files_fill_the_stock(scraper: Scraper, shared_data: Path):
    folder = f"file://{shared_data}/sales/geo-dvf"
    scraper.ask(folder + "/{year}/communes/{department}/{insee}.csv")
    golden = json.loads((shared_data / "sales" / "golden.json").read_text())

    await scraper.refreshed("01053", "64260")

    told = golden["geo-dvf/2019/communes/01/01053.csv"]
    kept = await scraper.row(
        "select count(*) filter (where kind = 'house') as houses,"
        " count(*) filter (where kind = 'apartment') as flats from property"
        " where insee_code = '01053' and sold_on between '2019-01-01' and '2019-12-31'"
    )
    assert (kept["houses"], kept["flats"]) == (told["maisons"], told["appartements"])
    assert len(COLUMNS) == 40


async def test_many_broken_years_are_one_short_sentence(scraper: Scraper, publisher: Publisher):
    scraper.ask(f"{publisher.url}/faults/html{GEO_DVF}")

    progress, _ = await scraper.refreshed("01451")

    assert progress.note.endswith("(also 2019, 2020, 2021, 2022, 2023, 2024, 2025)")
