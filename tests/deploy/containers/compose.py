"""docker-compose.yml as values: what each container is told, as the code would see it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tests.deploy.containers.dockerfile import ROOT

Compose = dict[str, Any]
PATH: Final = ROOT / "docker-compose.yml"
SECRETS: Final = "/run/secrets/"
OPERATOR: Final = {
    "EMAIL_SENDER": "TrackImmo <bonjour@trackimmo.fr>",
    "CTO_EMAIL": "cto@trackimmo.fr",
}
"""What an operator cannot leave out."""
_VARIABLE: Final = re.compile(r"\$\{(?P<name>\w+)(?P<colon>:?)(?P<how>[-?])(?P<rest>[^}]*)\}")


def present() -> Compose:
    return yaml.safe_load(PATH.read_text())


def services(compose: Compose) -> dict[str, Any]:
    """Our own five, by the service that their image is for."""
    ours = {n: s for n, s in compose["services"].items() if built(s).get("target") == "service"}
    return {service["build"]["args"]["SERVICE"]: service for service in ours.values()}


def built(service: Mapping[str, Any]) -> dict[str, Any]:
    return service.get("build") or {}


def interpolated(text: str, environ: Mapping[str, str]) -> str:
    """The text with its variables filled in, as compose would."""

    def fill(match: re.Match[str]) -> str:
        name, rest = match["name"], match["rest"]
        if not match["colon"] and name in environ:  # then an empty one counts as given
            return environ[name]
        if not environ.get(name) and match["how"] == "?":
            raise ValueError(f"{name} is missing: {rest}")
        return environ.get(name) or rest

    return _VARIABLE.sub(fill, text)


def environment(service: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """What a container is told; a variable that nobody gave is not there."""
    told = {
        name: environ.get(name) if value is None else interpolated(str(value), environ)
        for name, value in service.get("environment", {}).items()
    }
    return {**from_files(service, environ), **{n: v for n, v in told.items() if v is not None}}


def from_files(service: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    lines = [
        line
        for path in env_files(service, environ)
        for line in path.read_text().splitlines()
        if line and not line.startswith("#")
    ]
    return dict(line.split("=", 1) for line in lines)


def env_files(service: Mapping[str, Any], environ: Mapping[str, str]) -> list[Path]:
    return [ROOT / interpolated(path, environ) for path in service.get("env_file", [])]


def settable(service: Mapping[str, Any]) -> set[str]:
    """Every variable that a container may have from this file."""
    return {*service.get("environment", {}), *from_files(service, {})}


def without_file(variable: str) -> str:
    """The setting that a variable gives, directly or by the name of a file."""
    return variable.removesuffix("_FILE")
