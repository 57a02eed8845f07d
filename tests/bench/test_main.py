import pytest

from bench.__main__ import RUNS, _parse, areas


def test_every_module_that_measures_is_an_area() -> None:
    assert {"commits", "relay"} <= set(areas())
    assert not {"context", "measure", "report"} & set(areas())


def test_without_names_everything_is_measured_several_times_on_this_disk() -> None:
    asked = _parse([])

    assert (asked.names, asked.runs, asked.slow_disk, asked.json) == ([], RUNS, False, None)


def test_an_area_that_there_is_not_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        _parse(["relay", "nothing"])

    assert "no area is called nothing" in capsys.readouterr().err
