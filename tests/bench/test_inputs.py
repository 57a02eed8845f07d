"""The files to measure with are what the real ones are."""

from pathlib import Path

from bench import inputs
from services.scraper.sales import read_sales


def test_a_year_of_all_france_reads_without_a_bad_line_and_like_a_real_one(tmp_path: Path):
    path = inputs.raw_country(tmp_path, seed=1, lines=96_000)

    reading = read_sales(path, name=path.name)

    assert reading.lines >= 96_000
    assert reading.bad_lines == 0
    assert {code[:3] if code[:2] == "97" else code[:2] for code in reading.lines_by_commune} == set(
        inputs.DEPARTMENTS
    )
    assert 2.5 < reading.lines / reading.groups < 3.2
    assert all(reading.rejected.values())
    assert reading.postable < reading.homes < reading.groups


def test_what_was_made_once_is_not_made_again(tmp_path: Path):
    path = inputs.geo_department(tmp_path, seed=1, lines=1)
    path.write_bytes(b"kept")
    assert inputs.geo_department(tmp_path, seed=1, lines=1).read_bytes() == b"kept"
