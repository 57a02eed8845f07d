"""The events are described as they are told."""

import importlib
import inspect
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema_rs
import pytest

from libs.common import sending
from libs.common.events import EVENTS, Event
from services.gateway.routes import asyncapi
from tests.gateway.routes.conftest import Api

CONTRACTS = sorted((Path(__file__).parents[2] / "contracts").glob("*.json"))


@pytest.fixture
async def document(lonely: Api) -> dict[str, Any]:
    lonely.headers.clear()
    answer = await lonely.get("/asyncapi")
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def schema_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


def test_every_topic_is_described(document: dict[str, Any]):
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"].keys() == {event.topic for event in EVENTS.values()}
    for topic, channel in document["channels"].items():
        message = document["components"]["messages"][topic]
        assert channel["address"] == topic
        assert message["payload"]["$ref"] == f"#/components/schemas/{message['title']}"
        assert message["name"] in EVENTS
        assert message["summary"]


def test_every_reference_leads_somewhere(document: dict[str, Any]):
    for part in json.dumps(document).split('"$ref": "#/')[1:]:
        found = document
        for step in part.partition('"')[0].split("/"):
            assert step in found
            found = found[step]


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_every_event_ever_promised_is_as_described(path: Path, document: dict[str, Any]):
    event = EVENTS["trackimmo." + path.name.rsplit(".", 2)[0]]
    validator = jsonschema_rs.Draft202012Validator(schema_of(document, event.__name__))
    payload = json.loads(path.read_text())
    assert validator.is_valid(payload)
    required = document["components"]["schemas"][event.__name__]["required"]
    assert not validator.is_valid({k: v for k, v in payload.items() if k != required[0]})


def test_the_headers_are_those_that_are_sent(document: dict[str, Any]):
    row = {"id": uuid4(), "type": "t", "key": "k", "headers": {}, "created_at": datetime.now(UTC)}
    sent = {name for name, _ in sending._headers(row)} | {"ce_specversion", "ce_source"}
    assert set(document["components"]["schemas"]["Headers"]["required"]) == sent


@pytest.mark.parametrize("service", ["gateway", "scraper", "assigner", "notifier", "scheduler"])
def test_who_reads_what_is_as_the_services_do(service: str):
    main = importlib.import_module(f"services.{service}.main")
    handled = {
        each.topic
        for each in vars(main).values()
        if inspect.isclass(each) and issubclass(each, Event)
    }
    assert set(asyncapi.CONSUMERS.get(service, ())) == handled - {""}


async def test_a_reader_gets_a_page_that_can_send_nothing(lonely: Api):
    page = await lonely.get("/asyncapi", headers={"Accept": "text/html"})
    assert page.headers["Content-Type"].startswith("text/html")
    for topic in {event.topic for event in EVENTS.values()}:
        assert f'id="{topic}"' in page.text
    for active in ("<script", "<form", "<button", "<input"):
        assert active not in page.text


async def test_the_document_has_an_address_of_its_own(lonely: Api, document: dict[str, Any]):
    answer = await lonely.get("/asyncapi.json", headers={"Accept": "text/html"})
    assert answer.json() == document


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_nothing_can_be_sent_from_it(method: str, lonely: Api):
    assert (await lonely.request(method, "/asyncapi")).status_code == 405
    assert (await lonely.request(method, "/asyncapi/try")).status_code == 404
