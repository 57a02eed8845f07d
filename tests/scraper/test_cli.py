import gzip
import json

import pytest

from services.scraper import cli
from tests.scraper.sales.geo_dvf import FLAT, HOUSE, PLOT, table
from tests.scraper.sales.raw_dvf import raw_table
from tests.scraper.sales.test_source import zipped


@pytest.fixture
def files(tmp_path):
    plain, packed = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    plain.write_bytes(table(HOUSE, PLOT | {"numero_disposition": "2"}))
    packed.write_bytes(gzip.compress(table(FLAT, HOUSE | {"valeur_fonciere": "1"})))
    return [str(plain), str(packed)]


def test_one_json_line_speaks_of_all_files(files, capsys):
    assert cli.main(files) == 0
    out, err = capsys.readouterr()
    assert (out.count("\n"), err) == (1, "")
    assert json.loads(out) == {
        "lines": 4,
        "groups": 4,
        "sales": 2,
        "kinds": {"house": 1, "apartment": 1, "land": 1, "commercial": 0, "other": 0},
        "postable": 2,
        "rejected": {
            "nature": 0,
            "no_price_or_symbolic": 1,
            "no_dwelling": 1,
            "several_dwellings": 0,
            "mixed_with_business": 0,
        },
    }


def test_files_of_both_layouts_are_counted_together(files, tmp_path, capsys):
    cli.main([*files, *files])
    twice = capsys.readouterr().out
    raw, packed = tmp_path / "valeursfoncieres-2019-s1.txt", tmp_path / "valeursfoncieres.txt.zip"
    raw.write_bytes(raw_table(HOUSE, PLOT | {"numero_disposition": "2"}))
    packed.write_bytes(zipped(a=raw_table(FLAT, HOUSE | {"valeur_fonciere": "1"})))
    assert cli.main([*files, str(raw), str(packed)]) == 0
    assert capsys.readouterr().out == twice


def test_every_file_that_cannot_be_read_is_named(files, tmp_path, capsys):
    page = tmp_path / "page.csv"
    page.write_text("<html>404</html>")
    assert cli.main([*files, str(page), str(tmp_path / "absent.csv")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "page.csv is a web page" in err
    assert "absent.csv" in err


def test_bad_lines_are_told_beside_the_counts(tmp_path, capsys):
    path = tmp_path / "a.csv"
    path.write_bytes(table(HOUSE, HOUSE) + b"cut,sho")
    assert cli.main([str(path)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["lines"] == 3
    assert "1 of 3 lines are no sales" in err
