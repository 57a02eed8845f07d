from pathlib import Path

import pytest

from deploy.local.demo import sales_source
from services.scraper.domain import parse_sources
from services.scraper.fetch import path_of


@pytest.mark.parametrize("folder", ["plain", "My Documents", "50 % #1?"])
def test_sales_may_lie_in_any_folder(tmp_path: Path, folder: str) -> None:
    entry = sales_source(f"{tmp_path}/{folder}/{{year}}/{{insee}}.csv")

    [source] = parse_sources(entry.split(), formats=["geo-dvf"])

    assert path_of(source.url("01053", 2019)) == tmp_path / folder / "2019" / "01053.csv"
