"""Alarms as Prometheus reads rules, the dashboard as Grafana reads it, and who is asked for metrics."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import yaml

from deploy.observability.alarms import ALARMS, SERVICES
from deploy.observability.panels import ROWS, Panel

METRICS_PORT: Final = 9000
OPERATIONS: Final = 'docs/operations.md, "Alarms"'
_GRID: Final = 24
_ABREAST: Final = 4
_HEIGHT: Final = 7
_GENERATED: Final = "# Made by `python -m deploy.observability`; change it there.\n"


def files() -> dict[str, str]:
    """The content of every generated file by its name."""
    return {
        "prometheus.yml": _GENERATED + _yaml(_prometheus()),
        "alarms.yml": _GENERATED + _yaml(_rules()),
        "dashboard.json": json.dumps(_dashboard(), indent=1) + "\n",
    }


def _yaml(tree: Any) -> str:
    return yaml.safe_dump(tree, sort_keys=False, width=1000, allow_unicode=True)


def _prometheus() -> dict[str, Any]:
    """All replicas of a service: its name has an address for each."""
    return {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": ["alarms.yml"],
        "scrape_configs": [
            {
                "job_name": service,
                "dns_sd_configs": [
                    {
                        "names": [service],
                        "type": "A",
                        "port": METRICS_PORT,
                        "refresh_interval": "15s",
                    }
                ],
            }
            for service in SERVICES
        ],
    }


def _rules() -> dict[str, Any]:
    rules = [
        {
            "alert": alarm.name,
            "expr": alarm.when,
            "for": alarm.lasts,
            "labels": {"severity": alarm.severity},
            "annotations": {"summary": alarm.says, "what_to_do": OPERATIONS},
        }
        for alarm in ALARMS
    ]
    return {"groups": [{"name": "trackimmo", "rules": rules}]}


def _dashboard() -> dict[str, Any]:
    return {
        "uid": "trackimmo",
        "title": "TrackImmo",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "panels": list(_placed()),
    }


def _placed() -> Iterator[dict[str, Any]]:
    ids, top = count(1), 0
    for row in ROWS:
        place = {"x": 0, "y": top, "w": _GRID, "h": 1}
        yield {"id": next(ids), "type": "row", "title": row.question, "gridPos": place}
        top += 1
        width = _GRID // _ABREAST
        for at, panel in enumerate(row.panels):
            down, across = divmod(at, _ABREAST)
            place = {"x": across * width, "y": top + down * _HEIGHT, "w": width, "h": _HEIGHT}
            yield {"id": next(ids), "gridPos": place, **_plot(panel)}
        top += _HEIGHT * -(-len(row.panels) // _ABREAST)


def _plot(panel: Panel) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "expr": expression, "legendFormat": legend}
            for at, (legend, expression) in enumerate(panel.series.items())
        ],
    }
