from pathlib import Path

import pytest

from deploy.local.demo import sales_source
from deploy.local.spec import StepError
from services.scraper.archive import path_of
from services.scraper.domain import parse_sources


@pytest.mark.parametrize("folder", ["plain", "My Documents", "50 % #1?"])
def test_sales_may_lie_in_any_folder(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    entry = sales_source(f"{tmp_path}/{folder}/{{year}}/{{insee}}.csv")

    [source] = parse_sources(entry.split(), formats=["geo-dvf"])

    assert path_of(source.url("01053", 2019)) == tmp_path / folder / "2019" / "01053.csv"


@pytest.mark.parametrize("sales", ["missing", "missing/{year}/{insee}.csv", "missing.csv"])
def test_sales_that_are_nowhere_are_told_before_anything_starts(tmp_path: Path, sales: str) -> None:
    with pytest.raises(StepError, match=r"leads nowhere: .*"):
        sales_source(f"{tmp_path}/{sales}")


def test_sales_may_be_one_file(tmp_path: Path) -> None:
    (tmp_path / "all.csv").touch()
    assert sales_source(f"{tmp_path}/all.csv") == f"geo-dvf=file://{tmp_path}/all.csv"
