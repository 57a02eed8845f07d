"""Everything in the container files that the code does not bear out, in sentences."""

import importlib
import importlib.util
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from libs.common.settings import CommonSettings, SettingsError, load
from tests.deploy.containers import compose as composed
from tests.deploy.containers.compose import Compose
from tests.deploy.containers.dockerfile import ROOT, Dockerfile, Image

OF_LIBRARIES: Final = {"PGPASSWORD"}
"""Read by asyncpg and dbmate themselves."""
OF_A_BROKER_ELSEWHERE: Final = {
    "KAFKA_SECURITY_PROTOCOL",
    "KAFKA_SASL_MECHANISM",
    "KAFKA_SASL_USERNAME",
    "KAFKA_SASL_PASSWORD",
    "KAFKA_IDEMPOTENCE",
}
"""The broker of this composition asks for nothing."""


def problems(compose: Compose, dockerfile: Dockerfile) -> list[str]:
    """What is wrong, each in a sentence; nothing when all is well."""
    found = [problem for name in compose["services"] for problem in _service(compose, name)]
    for name, service in compose["services"].items():
        if build := composed.built(service):
            image = dockerfile.image(build["target"], build["args"]["SERVICE"])
            found += [f"{name}: {problem}" for problem in (*_image(image), *_paths(image))]
            if build["target"] == "service":
                found += [
                    f"{name}: {p}" for p in (*_settings(name, service), *_ports(service, image))
                ]
    return found


def settings_of(service: str) -> type[CommonSettings]:
    """The struct that a service's main loads."""
    module: Any = importlib.import_module(f"services.{service}.settings")
    return getattr(module, f"{service.capitalize()}Settings")


def _settings(name: str, service: dict[str, Any]) -> Iterator[str]:
    settings = settings_of(name)
    fields = {field.name.upper() for field in msgspec.structs.fields(settings)}
    given = {composed.without_file(variable) for variable in service["environment"]}
    for unknown in sorted(given - fields - OF_LIBRARIES):
        yield f"no setting is called {unknown}"
    everything = {composed.without_file(variable) for variable in composed.settable(service)}
    for forgotten in sorted(fields - everything - OF_A_BROKER_ELSEWHERE - {"SMTP_USERNAME"}):
        yield f"{forgotten} cannot be set"
    told = composed.environment(service, composed.OPERATOR)
    try:
        load(settings, {composed.without_file(n): _secret(n, value) for n, value in told.items()})
    except SettingsError as error:
        yield str(error)


def _secret(variable: str, value: str) -> str:
    # SMTP's password is the one that may be empty: the box takes mails from everybody.
    held = "" if variable == "SMTP_PASSWORD_FILE" else "0f1e2d3c4b5a"
    return held if variable.endswith("_FILE") else value


def _ports(service: dict[str, Any], image: Image) -> Iterator[str]:
    told = {**image.environment, **composed.environment(service, composed.OPERATOR)}
    url = re.search(r"http://[^']+", " ".join(image.health_check))
    asked = urlsplit(url[0] if url else "")
    if asked.port != int(told["METRICS_PORT"]):
        yield f"the health check asks port {asked.port}, METRICS_PORT is {told['METRICS_PORT']}"
    if asked.path not in _probes():
        yield f"the health check asks for {asked.path}, which nobody answers"
    for published in service.get("ports", []):
        inside = composed.interpolated(published, {}).rsplit(":", 1)[1]
        if inside != told.get("GATEWAY_PORT"):
            yield f"port {inside} is published, the gateway listens on {told.get('GATEWAY_PORT')}"


def _probes() -> set[str]:
    source = (ROOT / "libs" / "telemetry" / "probes.py").read_text()
    return set(re.findall(r'if path == "(/\w+)"', source))


def _image(image: Image) -> Iterator[str]:
    if image.last("USER") in {"", "root", "0"}:
        yield "the image runs as root"
    if image.last("STOPSIGNAL") != "SIGTERM":
        yield "the service listens to SIGTERM"
    # copied into a folder, a file makes that file only
    inside = {t + Path(s).name if t.endswith("/") else t for s, t in image.copies}
    folder = image.module.replace(".", "/")
    if not image.module or importlib.util.find_spec(image.module) is None:
        yield f"no module is called {image.module!r}"
    elif not any(folder == path or folder.startswith(f"{path}/") for path in inside):
        yield f"{image.module} is not in the image"


def _paths(image: Image) -> Iterator[str]:
    sources = [source for source, _ in image.copies]
    for line in image.inputs:
        sources += line.split()[:-1]
    for source in sources:
        if not (ROOT / source).exists():
            yield f"{source} is copied and does not exist"
        elif not _reaches_the_build(source):
            yield f"{source} is copied and .dockerignore leaves it out"


def _reaches_the_build(path: str) -> bool:
    named = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    return any(fnmatch(path, name) or path.startswith(f"{name}/") for name in named)


def _service(compose: Compose, name: str) -> Iterator[str]:
    service = compose["services"][name]
    told = composed.environment(service, composed.OPERATOR)
    for variable, path in told.items():
        secret = path.removeprefix(composed.SECRETS)
        if variable.endswith("_FILE") and secret not in service.get("secrets", []):
            yield f"{name}: {variable} names {path}, which is not mounted"
    for secret in service.get("secrets", []):
        if secret not in compose["secrets"]:
            yield f"{name}: no secret is called {secret}"
    for needed, how in service.get("depends_on", {}).items():
        other = compose["services"].get(needed, {})
        if how["condition"] == "service_healthy" and "healthcheck" not in other:
            yield f"{name}: waits for {needed} to be healthy, which nobody checks"
    for host, port in re.findall(
        r"(?:@|//|^)([a-z]+):(\d+)", "\n".join(told.values()), re.MULTILINE
    ):
        yield from (f"{name}: {problem}" for problem in _unreachable(compose, name, host, port))


LISTENS: Final = {"postgres": "5432", "kafka": "9092", "mailpit": "1025", "localhost": "9093"}


def _unreachable(compose: Compose, name: str, host: str, port: str) -> Iterator[str]:
    if LISTENS.get(host) != port:
        yield f"nobody listens on {host}:{port}"
    elif host != "localhost":
        nets = [set(compose["services"][each]["networks"]) for each in (name, host)]
        if not nets[0] & nets[1]:
            yield f"no network leads to {host}"
