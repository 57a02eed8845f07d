import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deploy import observability
from deploy.observability import render
from deploy.observability.alarms import ALARMS
from deploy.observability.panels import ROWS
from tests.deploy.containers import compose as composed
from tests.deploy.containers.dockerfile import ROOT

FOLDER = Path(observability.__file__).parent
SOURCES = [path.read_text() for top in ("libs", "services") for path in (ROOT / top).rglob("*.py")]
ASKED = {  # of PostgreSQL, by each replica
    f"trackimmo_{name}"
    for text in SOURCES
    for name in re.findall(r'SqlGauge\(\s*name="(\w+)"', text)
}
OURS = ASKED | {name for text in SOURCES for name in re.findall(r'"(trackimmo_\w+)"', text)}


def expressions() -> Iterator[tuple[str, str]]:
    yield from ((alarm.name, alarm.when) for alarm in ALARMS)
    for row in ROWS:
        for panel in row.panels:
            yield from ((panel.title, expression) for expression in panel.series.values())


def metrics_in(expression: str) -> set[str]:
    """The metrics of ours: words with an underscore, neither labels nor functions."""
    words = re.findall(r"\b[a-z]+_\w+\b(?!\s*\()", re.sub(r"\{[^}]*\}", "", expression))
    return {re.sub(r"_bucket$", "", word) for word in words if not word.startswith("process_")}


@pytest.mark.parametrize("name", render.files())
def test_the_files_are_what_the_code_makes_of_them(name: str) -> None:
    assert (FOLDER / name).read_text() == render.files()[name], "run python -m deploy.observability"


def test_every_alarm_is_explained_to_who_is_called() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    told = re.findall(r"^\| `([A-Z]\w+)` \|", page, re.MULTILINE)

    assert told == [alarm.name for alarm in ALARMS]


def test_prometheus_asks_each_service_where_it_answers() -> None:
    compose = composed.present()
    asked = {
        scrape["job_name"]: scrape["dns_sd_configs"][0]
        for scrape in yaml.safe_load(render.files()["prometheus.yml"])["scrape_configs"]
    }

    assert asked.keys() == composed.services(compose).keys()
    for name, service in composed.services(compose).items():
        assert asked[name]["names"] == [name]
        assert str(asked[name]["port"]) == service["environment"]["METRICS_PORT"]
        assert set(service["networks"]) & set(compose["services"]["prometheus"]["networks"])


def test_every_file_that_is_mounted_exists_and_is_meant() -> None:
    for service in composed.present()["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (ROOT / source).is_file()


def test_no_two_panels_share_a_place() -> None:
    places = [
        (panel["gridPos"]["x"], panel["gridPos"]["y"])
        for panel in yaml.safe_load(render.files()["dashboard.json"])["panels"]
    ]

    assert len(places) == len(set(places))


@pytest.mark.parametrize(
    "asked",
    [
        ("check", "config", str(FOLDER / "prometheus.yml")),
        ("test", "rules", str(Path(__file__).with_name("replicas.yml"))),
    ],
)
def test_prometheus_itself_reads_the_alarms_as_we_do(asked: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (package prometheus)")
    done = subprocess.run([promtool, *asked], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name, expression", list(expressions()))
def test_every_metric_is_one_of_ours(name: str, expression: str) -> None:
    assert metrics_in(expression) <= OURS


@pytest.mark.parametrize("name, expression", list(expressions()))
def test_what_every_replica_tells_is_not_added_up(name: str, expression: str) -> None:
    added = re.findall(r"sum(?: by \([^)]*\))? ?\((\w+)[{)]", expression)
    assert not ASKED & set(added)
