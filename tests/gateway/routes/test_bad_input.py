"""Every operation of the page is sent what it must refuse, and says what is wrong with it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from services.gateway.routes.examples import BODIES
from tests.gateway.routes.conftest import Api
from tests.interface.page import Operation, operations

FIELDS = {"type", "title", "status", "detail", "instance", "trace_id"}
UNKNOWN = "0199c0de-0000-7000-8000-00000000dead"
OPEN = ("/health", "/api/health", "/version", "/live", "/ready", "/u/", "/c/")

ALL = operations()
KEYED = [each for each in ALL if not each.path.startswith(OPEN)]
WITH_BODY = [each for each in KEYED if each.fields]
WITH_ID = [each for each in KEYED if "{" in each.path]


@pytest.fixture
async def described(api: Api) -> dict[str, Any]:
    return (await api.get("/openapi.json")).json()


def operation(described: dict[str, Any], each: Operation) -> dict[str, Any]:
    return described["paths"][each.path][each.method.lower()]


def schema(described: dict[str, Any], each: Operation) -> dict[str, Any]:
    body = operation(described, each)["requestBody"]["content"]["application/json"]["schema"]
    return described["components"]["schemas"][body["$ref"].rpartition("/")[2]]


def example(described: dict[str, Any], each: Operation) -> dict[str, Any]:
    return BODIES[operation(described, each)["operationId"]] if each.fields else {}


def path(each: Operation, value: str = UNKNOWN) -> str:
    """With this value for what is an id, and a real word for the rest."""
    known = {"service": "scraper", "kind": "welcome", "insee": "99999"}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], value), each.path)


async def send(api: Api, each: Operation, where: str = "", **given: Any) -> Any:
    return await api.request(each.method, where or path(each), **given)


def fault(answer: Any, status: int, at: str | None = None) -> str | None:
    """What is wrong with a refusal, if anything; `at` is what its first error is to name."""
    if answer.status_code != status:
        return f"{answer.status_code}, not {status}: {answer.text[:200]}"
    told = answer.json()
    if answer.headers["content-type"] != "application/problem+json" or not told["detail"]:
        return f"{status} is no problem document: {told}"
    if told["status"] != status or not told["trace_id"] or not told.keys() >= FIELDS:
        return f"{status} lacks a field: {told}"
    named = [each["pointer"].lstrip("/").partition("/")[0] for each in told.get("errors", ())]
    return f"{named} is named, not {at}" if at and at not in named else None


async def test_a_wrong_key_gets_401_everywhere(api: Api):
    wrong = {}
    for each in KEYED:
        for key in ("", "wrong"):
            keys = {"X-API-Key": key, "X-Admin-Key": key}
            wrong[each.name, key] = fault(await send(api, each, headers=keys), 401)
    assert told(wrong) == {}


async def test_what_is_no_json_gets_400_and_another_media_type_415(api: Api):
    wrong = {}
    for each in WITH_BODY:
        half, form = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
        answer = await send(api, each, content=b'{"half":', headers=half)
        wrong[each.name, 400] = fault(answer, 400)
        wrong[each.name, 415] = fault(await send(api, each, content=b"a=1", headers=form), 415)
    assert told(wrong) == {}


async def test_an_unknown_field_gets_422_by_its_name(api: Api, described: dict[str, Any]):
    wrong = {}
    for each in WITH_BODY:
        body = {**example(described, each), "cuont": 5}
        wrong[each.name] = fault(await send(api, each, json=body), 422, "cuont")
    assert told(wrong) == {}


async def test_a_field_of_the_wrong_type_or_out_of_range_gets_422_by_its_name(
    api: Api, described: dict[str, Any]
):
    wrong = {}
    for each in WITH_BODY:
        for name, kind in schema(described, each)["properties"].items():
            for number, value in enumerate([{"no": "field is an object"}, *out_of_range(kind)]):
                body = {**example(described, each), name: value}
                answer = await send(api, each, json=body)
                wrong[each.name, name, number] = fault(answer, 422, name)
    assert len(wrong) > 2 * len(WITH_BODY)
    assert told(wrong) == {}


async def test_what_is_no_uuid_gets_422_and_an_unknown_one_404(
    api: Api, admin: Any, described: dict[str, Any]
):
    wrong = {}
    for each in WITH_ID:
        body: dict[str, Any] = {"json": example(described, each)} if each.fields else {}
        inner = [p for p in operation(described, each)["parameters"] if p["in"] == "path"]
        if any(p["schema"].get("format") == "uuid" for p in inner):
            answer = await send(api, each, path(each, "nonsense"), **body)
            wrong[each.name, "nonsense"] = fault(answer, 422)
        query = {"client_id": UNKNOWN} if "client_id" in each.query else {}
        wrong[each.name, "unknown"] = fault(await send(api, each, params=query, **body), 404)
    assert told(wrong) == {}


async def test_a_query_out_of_range_or_of_the_wrong_type_gets_422_by_its_name(
    api: Api, described: dict[str, Any]
):
    wrong = {}
    for each in (each for each in KEYED if each.query):
        for given in operation(described, each)["parameters"]:
            for value in wrong_values(given["schema"]) if given["in"] == "query" else ():
                answer = await send(api, each, params={given["name"]: value})
                wrong[each.name, given["name"], value] = fault(answer, 422, given["name"])
    assert len(wrong) > 10
    assert told(wrong) == {}


def told(wrong: Mapping[Any, str | None]) -> dict[Any, str]:
    return {what: why for what, why in wrong.items() if why}


def out_of_range(kind: dict[str, Any]) -> Iterator[Any]:
    for one in [kind, *kind.get("anyOf", ())]:
        if "minimum" in one:
            yield one["minimum"] - 1
        if "maximum" in one:
            yield one["maximum"] + 1
        if "maxLength" in one:
            yield "x" * (one["maxLength"] + 1)
        if one.get("format") in {"uuid", "date"} or "enum" in one:
            yield "neither"


def wrong_values(kind: dict[str, Any]) -> Iterator[Any]:
    kinds = [kind, *kind.get("oneOf", ()), *kind.get("anyOf", ())]
    for one in kinds:
        if "minimum" in one:
            yield one["minimum"] - 1
        if "maximum" in one:
            yield one["maximum"] + 1
    if all(one.get("type") != "string" or {"enum", "format"} & one.keys() for one in kinds):
        yield "neither"
