import re
from collections.abc import Callable

import pytest

from deploy import migrate
from deploy.local.settings import SERVICES
from deploy.local.stack import POSTGRES_OPTIONS
from libs.common.settings import load
from services.notifier.settings import NotifierSettings
from tests.deploy.containers import compose as composed
from tests.deploy.containers import dockerfile
from tests.deploy.containers.compose import Compose
from tests.deploy.containers.dockerfile import ROOT
from tests.deploy.containers.held import problems

OURS = [*SERVICES, "migrate", "topics", "passwords"]


@pytest.fixture
def compose() -> Compose:
    return composed.present()


def test_everything_in_the_files_is_borne_out_by_the_code(compose: Compose) -> None:
    assert problems(compose, dockerfile.present()) == []


def test_the_composition_has_every_service_under_its_own_name(compose: Compose) -> None:
    named = composed.services(compose)

    assert sorted(named) == sorted(SERVICES)
    assert all(compose["services"][name] is service for name, service in named.items())


def rename_setting(compose: Compose) -> None:
    told = compose["services"]["gateway"]["environment"]
    told["API_TOKEN_FILE"] = told.pop("API_KEY_FILE")


def move_probes(compose: Compose) -> None:
    compose["services"]["assigner"]["environment"]["METRICS_PORT"] = "9001"


def move_gateway(compose: Compose) -> None:
    compose["services"]["gateway"]["environment"]["GATEWAY_PORT"] = "8080"


def move_broker(compose: Compose) -> None:
    compose["services"]["topics"]["environment"]["KAFKA_BOOTSTRAP_SERVERS"] = "kafka:9094"


def forget_secret(compose: Compose) -> None:
    compose["services"]["notifier"]["secrets"].remove("secret_key")


def wait_for_nobody(compose: Compose) -> None:
    del compose["services"]["postgres"]["healthcheck"]


def cut_off(compose: Compose) -> None:
    compose["services"]["scraper"]["networks"] = ["outside"]


@pytest.mark.parametrize(
    "change, said",
    [
        (rename_setting, "gateway: no setting is called API_TOKEN"),
        (rename_setting, "gateway: API_KEY cannot be set"),
        (move_probes, "assigner: the health check asks port 9000, METRICS_PORT is 9001"),
        (move_gateway, "gateway: port 8000 is published, the gateway listens on 8080"),
        (move_broker, "topics: nobody listens on kafka:9094"),
        (
            forget_secret,
            "notifier: SECRET_KEY_FILE names /run/secrets/secret_key, which is not mounted",
        ),
        (wait_for_nobody, "migrate: waits for postgres to be healthy, which nobody checks"),
        (cut_off, "scraper: no network leads to postgres"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_broken_composition_is_told(
    compose: Compose, change: Callable[[Compose], None], said: str
) -> None:
    change(compose)

    assert said in problems(compose, dockerfile.present())


@pytest.mark.parametrize(
    "right, wrong, said",
    [
        ('["deploy.migrate"]', '["deploy.migration"]', "no module is called 'deploy.migration'"),
        ("COPY deploy/topics deploy/topics", "", "deploy.topics is not in the image"),
        ("/live", "/alive", "the health check asks for /alive, which nobody answers"),
        ("requirements-uv.lock ./", "requirements-pip.lock ./", "requirements-pip.lock is copied and does not exist"),
        ("COPY deploy/containers/entry.py", "COPY tests/conftest.py", "tests/conftest.py is copied and .dockerignore leaves it out"),
        ("services.${SERVICE}.main", "services.${SERVICE}.app", "no module is called 'services.gateway.app'"),
        ("USER 10001", "USER root", "the image runs as root"),
    ],
)  # fmt: skip
def test_a_broken_dockerfile_is_told(compose: Compose, right: str, wrong: str, said: str) -> None:
    text = dockerfile.PATH.read_text()
    assert right in text

    told = problems(compose, dockerfile.Dockerfile(text.replace(right, wrong)))

    assert any(said in problem for problem in told)


def test_only_what_people_look_at_is_published_and_on_loopback(compose: Compose) -> None:
    published = {n: s["ports"] for n, s in compose["services"].items() if "ports" in s}

    assert sorted(published) == ["gateway", "grafana", "mailpit", "prometheus"]
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_nothing_that_they_need_not(compose: Compose, name: str) -> None:
    service = compose["services"][name]

    assert service["read_only"] is True
    assert not any(volume.startswith("/") for volume in service.get("volumes", []))


def test_every_container_is_limited_and_gains_no_privileges(compose: Compose) -> None:
    for service in compose["services"].values():
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"mem_limit", "cpus", "pids_limit"} <= service.keys()
        assert service["restart"] in {"unless-stopped", "no"}
        assert service.get("privileged") is None


def test_the_migrations_of_every_schema_are_in_their_image() -> None:
    copied = [
        ROOT / source for source, _ in dockerfile.present().image("migrate", "migrate").copies
    ]

    for schema in migrate.SCHEMAS:
        assert any(migrate.folder(schema).is_relative_to(path) for path in copied), schema


def test_the_image_of_the_migrations_holds_nothing_that_it_does_not_run() -> None:
    image = dockerfile.present().image("migrate", "migrate")
    copied = {source for source, _ in image.copies if not source.endswith("/migrations")}

    assert copied == {"deploy/containers/entry.py", "deploy/__init__.py", "deploy/migrate"}


def test_services_start_when_the_jobs_have_succeeded(compose: Compose) -> None:
    for service in composed.services(compose).values():
        assert service["depends_on"] == {
            "passwords": {"condition": "service_completed_successfully"},
            "topics": {"condition": "service_completed_successfully"},
        }
    assert "migrate" in compose["services"]["passwords"]["depends_on"]


def test_no_password_is_shared_and_no_secret_stands_in_the_file(compose: Compose) -> None:
    services = composed.services(compose)
    passwords = {name: s["environment"]["PGPASSWORD_FILE"] for name, s in services.items()}

    assert passwords == {name: f"/run/secrets/{name}_password" for name in services}
    for service in compose["services"].values():
        for variable, value in service.get("environment", {}).items():
            passed_on = value is None  # from the operator's environment, and nowhere written
            assert passed_on or not re.search(r"(PASSWORD|KEY)$", variable), variable


def test_the_servers_have_the_versions_that_we_promise(compose: Compose) -> None:
    pom = (ROOT / "deploy" / "kafka" / "pom.xml").read_text()
    kafka = re.search(r"<artifactId>kafka_2.13</artifactId>\s*<version>([\d.]+)<", pom)
    images = {name: service["image"] for name, service in compose["services"].items()}

    assert kafka
    assert images["kafka"] == f"apache/kafka:{kafka[1]}"
    assert images["postgres"] == images["passwords"] == "postgres:18"
    assert all(":" in image for image in images.values() if not image.startswith("trackimmo/"))
    options = [f"{name}={value}" for name, value in POSTGRES_OPTIONS.items()]
    assert set(options) <= set(compose["services"]["postgres"]["command"])


def test_mails_go_to_the_box_unless_a_file_says_otherwise(compose: Compose) -> None:
    told = composed.environment(compose["services"]["notifier"], composed.OPERATOR)
    settings = load(NotifierSettings, {**told, "SECRET_KEY": "0f1e2d3c"})

    assert (settings.smtp_server, settings.smtp_port) == ("mailpit", 1025)
    assert settings.security == "none"
    assert set(compose["services"]["mailpit"]["networks"]) & set(
        compose["services"]["notifier"]["networks"]
    )
