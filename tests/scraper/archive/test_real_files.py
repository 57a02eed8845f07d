"""The real extracts, from their publisher through archive and split to the sales they tell."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from services.scraper.archive import Archive
from services.scraper.domain import Source
from services.scraper.handlers.gather import gather
from services.scraper.handlers.ports import Attempt, Place
from services.scraper.sales import Reading, read_sales
from tests.scraper.archive.shop import Shop

HALF_YEAR = "raw-dvf/valeursfoncieres-2025-s1-extract.txt"
DAMAGED = "raw-dvf/valeursfoncieres-2018-damaged-by-pandas.txt"


def plain(content: bytes) -> bytes:
    return content


def zipped(content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("valeursfoncieres.txt", content)
    return target.getvalue()


def place(code: str) -> Place:
    return Place(insee_code=code, communes=(code,), moved={}, neighbours=(), known={})


async def attempt_of(archive: Archive, sources: Sequence[Source], code: str, year: int) -> Attempt:
    async def nobody(_: int) -> None:
        """Nobody watches."""

    gathered = await gather(
        place(code),
        [year],
        sources=sources,
        files=archive,
        today=date(2026, 11, 21),
        on_file=nobody,
    )
    assert gathered.error is None
    attempt = gathered.years[year].attempt
    assert attempt
    return attempt


def raw(shop: Shop, suffix: str = ".txt") -> Source:
    return Source("raw-dvf", f"{shop.url}/{{edition}}/valeursfoncieres-{{year}}{suffix}")


@pytest.mark.parametrize("pack", [plain, gzip.compress, zipped])
async def test_a_raw_file_gives_its_sales_however_it_is_packed(
    archive: Archive, shop: Shop, shared_data: Path, pack: Callable[[bytes], bytes]
):
    content = (shared_data / "sales" / HALF_YEAR).read_bytes()
    shop.files["/202504/valeursfoncieres-2025.txt"] = pack(content)

    attempt = await attempt_of(archive, [raw(shop)], "01451", 2025)

    assert attempt.path
    whole = read_sales(attempt.path, name="part")
    assert (whole.lines, whole.bad_lines, whole.groups) == (1000, 0, 349)
    assert (whole.homes, whole.postable) == (190, 176)
    assert attempt.lines == whole.lines_by_commune["01451"]


async def test_a_zip_serves_where_there_is_no_plain_file(
    archive: Archive, shop: Shop, shared_data: Path
):
    content = (shared_data / "sales" / HALF_YEAR).read_bytes()
    shop.files["/202504/valeursfoncieres-2025.txt.zip"] = zipped(content)

    attempt = await attempt_of(archive, [raw(shop), raw(shop, ".txt.zip")], "01451", 2025)

    assert (attempt.state, attempt.edition) == ("loaded", "202504")
    assert attempt.url.endswith(".zip")


def told(reading: Reading) -> dict[str, object]:
    return {
        "lines": reading.lines_by_commune["01053"],
        "groups": reading.groups,
        "sales": reading.homes,
        "maisons": reading.kinds["house"],
        "appartements": reading.kinds["apartment"],
        "postable": reading.postable,
        "rejected": {reason: count for reason, count in reading.rejected.items() if count},
    }


async def test_the_damaged_file_gives_the_golden_sales_of_bourg(
    archive: Archive, shop: Shop, shared_data: Path
):
    sales = shared_data / "sales"
    shop.files["/202304/valeursfoncieres-2018.txt"] = (sales / DAMAGED).read_bytes()

    attempt = await attempt_of(archive, [raw(shop)], "01053", 2018)

    golden = json.loads((sales / "golden.json").read_text())
    expected = golden["geo-dvf/2018/communes/01/01053.csv"]
    expected.pop("id_mutations")
    assert attempt.reading
    assert told(attempt.reading) == expected


async def test_the_pair_gives_the_same_sales_from_either_publisher(
    archive: Archive, shop: Shop, shared_data: Path
):
    pair = shared_data / "sales" / "pair-2021"
    shop.files |= {
        "/202504/valeursfoncieres-2021.txt": (pair / "raw-dvf.txt.gz").read_bytes(),
        "/latest/2021/full.csv.gz": (pair / "geo-dvf.csv.gz").read_bytes(),
    }
    geo = Source("geo-dvf", f"{shop.url}/latest/{{year}}/full.csv.gz")

    told: list[tuple[set[str], int]] = []
    for source in (raw(shop), geo):
        attempt = await attempt_of(archive, [source], "01451", 2021)
        assert attempt.path
        whole = read_sales(attempt.path, name="part")
        assert (whole.lines, whole.groups, whole.homes, whole.postable) == (41, 19, 12, 11)
        told.append((set(whole.sales["property_id"]), attempt.lines or 0))

    assert told[0] == told[1]
    assert told[0][1] == 5
