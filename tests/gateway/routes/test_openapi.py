import logging
from typing import Any

import msgspec
import pytest
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from services.gateway.routes import health, openapi
from services.gateway.routes.examples import ANSWERS, BODIES
from tests.gateway.routes.conftest import Api

FIELDS = {
    "Registration": "first_name last_name email telephone company_name locale subscription_type status"
    " send_day addresses_per_report chosen_cities property_type_preferences",
    "ProcessClient": "client_id",
    "AddAddresses": "client_id count",
    "JobAnswer": "success job_id client_id message",
    "JobStatus": "job_id client_id kind status properties_assigned error_message created_at updated_at"
    " progress",
    "Progress": "step steps attempt next_attempt_at attempts",
    "Properties": "success client_id total_count returned_count properties",
    "Property": "address_id address_raw city_name postal_code insee_code price surface rooms"
    " property_type sale_date latitude longitude client_address_info printed_address land_surface"
    " position estimate",
    "FollowUp": "status send_date notes contact_date follow_up sale_horizon desired_price followed_at",
    "FollowUpChange": "status notes contact_date follow_up sale_horizon desired_price",
    "Estimate": "value low high basis comparables",
    "Position": "source score",
    "City": "city_id name postal_code postal_codes insee_code department region population"
    " house_price_avg apartment_price_avg last_scraped covered",
    "RunSchedule": "kind date dry_run",
    "ScheduleAnswer": "kind date dry_run tick ran_at clients",
    "Due": "client_id effective_day already_served",
    "SystemHealth": "status timestamp components",
    "Component": "status message",
    "Queued": "id href",
    "RequestImport": "department years",
    "ImportProgress": "state done total error",
    "Problem": "type title status detail instance trace_id errors",
    "Fault": "pointer detail in",
}


@pytest.fixture
async def document(lonely: Api) -> dict[str, Any]:
    lonely.headers.clear()
    answer = await lonely.get("/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method, path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_it_says_what_it_is(document: dict[str, Any]):
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] == "TrackImmo API"


def test_it_names_every_field(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    for name, fields in FIELDS.items():
        assert list(schemas[name]["properties"]) == fields.split(), name


def test_bodies_refuse_unknown_fields_and_say_so(document: dict[str, Any]):
    for name in ("Registration", "ProcessClient", "AddAddresses", "RunSchedule", "RequestImport"):
        assert document["components"]["schemas"][name]["additionalProperties"] is False


def test_what_a_check_asks_is_described(document: dict[str, Any]):
    fields = document["components"]["schemas"]["Registration"]["properties"]
    assert fields["property_type_preferences"]["uniqueItems"] is True
    assert fields["first_name"]["pattern"]
    (text, _) = fields["telephone"]["anyOf"]
    assert text["pattern"]


def test_every_operation_is_named_explained_and_keyed(document: dict[str, Any]):
    found = operations(document)
    assert len({operation["operationId"] for operation in found.values()}) == len(found)
    for (_, path), operation in found.items():
        assert operation["summary"]
        assert operation["description"]
        expected: list[dict[str, Any]] | None = None
        if path.startswith("/admin/"):
            expected = [{"AdminKey": []}, {"ApiKey": []}]
        elif path.startswith("/api/") and path != "/api/health":
            expected = [{"ApiKey": []}]
        assert operation.get("security") == expected, path


def test_every_refusal_is_a_problem(document: dict[str, Any]):
    for operation in operations(document).values():
        refused = {s: a for s, a in operation["responses"].items() if s >= "400"}
        assert refused.keys() >= {"500", "503"}
        for answer in refused.values():
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}


def test_every_answer_names_its_headers(document: dict[str, Any]):
    known = document["components"]["headers"]
    for (_, path), operation in operations(document).items():
        for status, answer in operation["responses"].items():
            assert answer["headers"].keys() >= {"X-Request-ID", "traceparent"}, path
            assert answer["headers"].keys() <= known.keys(), path
            assert ("WWW-Authenticate" in answer["headers"]) == (status == "401"), path
            if status in {"429", "503"}:
                assert "Retry-After" in answer["headers"], path


def test_what_is_counted_says_so_and_nothing_else(document: dict[str, Any]):
    for (_, path), operation in operations(document).items():
        answers, counted = operation["responses"], operation.get("security") == [{"ApiKey": []}]
        assert ("429" in answers) == ("security" in operation), path
        told = {s for s, a in answers.items() if "RateLimit-Remaining" in a["headers"]}
        assert told == (answers.keys() - {"401", "503"} if counted else set()), path


def test_what_may_be_sent_again_says_so(document: dict[str, Any]):
    for (method, path), operation in operations(document).items():
        again = method == "post" and "security" in operation
        assert ("Idempotency-Key" in operation["description"]) == again, path
        if again:
            assert "Retry-After" in operation["responses"]["409"]["headers"], path


def test_pages_lead_to_the_next_one(document: dict[str, Any]):
    keys = document["paths"]["/admin/api-keys"]["get"]
    assert "Link" in keys["responses"]["200"]["headers"]
    assert "Link" not in document["paths"]["/version"]["get"]["responses"]["200"]["headers"]


def test_a_client_that_is_read_is_never_null_but_may_be_unchanged(document: dict[str, Any]):
    answers = document["paths"]["/api/clients/{client_id}"]["get"]["responses"]
    schema = answers["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ClientAnswer"}
    assert "content" not in answers["304"]
    assert answers["200"]["headers"].keys() >= {"ETag", "Cache-Control"}


def test_every_object_that_is_read_may_be_unchanged(document: dict[str, Any]):
    for path, item in document["paths"].items():
        if path.endswith("_id}") and "get" in item and not path.startswith("/api/get-client-"):
            assert "304" in item["get"]["responses"], path


def test_every_reference_leads_somewhere(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    for part in msgspec.json.encode(document).decode().split('"$ref":"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in schemas


def handlers(app: Litestar) -> dict[str, HTTPRouteHandler]:
    routes = [
        route
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith("/console")
    ]
    return {handler.handler_name: handler for route in routes for handler in route.route_handlers}


def test_every_example_is_true(document: dict[str, Any], lonely_app: Litestar):
    known = handlers(lonely_app)
    for operation in operations(document).values():
        name = operation["operationId"]
        returned, body = known[name].parsed_return_field, known[name].parsed_data_field
        if any("application/json" in a.get("content", {}) for a in operation["responses"].values()):
            kind = next((inner.annotation for inner in returned.inner_types), returned.annotation)
            given = kind if returned.is_subclass_of(Response) else returned.annotation
            assert msgspec.convert(ANSWERS[name], given), name
        if body:
            assert msgspec.convert(BODIES[name], body.annotation), name


def test_drawing_it_leaves_the_log_alone():
    before = list(logging.getLogger().handlers)
    openapi.describe([health.health])
    assert logging.getLogger().handlers == before
