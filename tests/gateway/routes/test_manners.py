"""What holds for every operation: keys, bodies, ids, headers."""

from typing import Any
from uuid import uuid4

import pytest

from tests.gateway.routes.conftest import ADMIN_KEY, API_KEY, Api, Make, registration

UNKNOWN = "0199c0de-0000-7000-8000-00000000dead"

BODIES: dict[str, dict[str, Any]] = {
    "/api/clients": registration(),
    "/api/process-client": {"client_id": UNKNOWN},
    "/api/add-addresses": {"client_id": UNKNOWN, "count": 5},
    "/admin/schedule/run": {"kind": "send_day", "date": "2026-11-21"},
}
READS = (
    "/api/clients/{}",
    "/api/job-status/{}",
    "/api/get-client-properties/{}",
    "/api/cities?q={}",
    "/admin/health",
)
OPEN = ("/health", "/api/health", "/version", "/live", "/ready", "/openapi.json", "/docs", "/redoc")

GUARDED = (*(("POST", path) for path in BODIES), *(("GET", path.format(UNKNOWN)) for path in READS))


@pytest.mark.parametrize("method, path", GUARDED)
@pytest.mark.parametrize("key", ["", "wrong", "é", API_KEY + " "])
async def test_a_wrong_key_is_refused(method: str, path: str, key: str, lonely: Api):
    raw = key.encode("latin-1")
    keys = [(b"X-API-Key", raw), (b"X-Admin-Key", raw)]
    lonely.headers.pop("X-API-Key")
    lonely.headers.pop("X-Admin-Key")
    answer = await lonely.request(method, path, headers=keys)
    assert answer.status_code == 401
    assert answer.json()["title"] == "Key missing or wrong"


async def test_a_missing_key_is_refused_before_anything_is_read(lonely: Api):
    lonely.headers.pop("X-API-Key")
    answer = await lonely.post("/api/clients", content=b"{")
    assert answer.status_code == 401
    assert "X-API-Key" in answer.json()["detail"]


@pytest.mark.parametrize(
    "admin_key, header, sent, status",
    [
        (ADMIN_KEY, "X-Admin-Key", ADMIN_KEY, 200),
        (ADMIN_KEY, "X-Admin-Key", API_KEY, 401),
        (ADMIN_KEY, "X-API-Key", ADMIN_KEY, 401),
        (ADMIN_KEY, "X-API-Key", API_KEY, 401),
        ("", "X-Admin-Key", API_KEY, 200),
        ("", "X-API-Key", API_KEY, 200),
        ("", "X-Admin-Key", "", 401),
        ("", "X-API-Key", "wrong", 401),
    ],
)
async def test_the_admin_key_opens_admin_or_the_api_key_where_none_is_set(
    admin_key: str, header: str, sent: str, status: int, make_api: Make
):
    api = await make_api(admin_api_key=admin_key)
    for name in ("X-API-Key", "X-Admin-Key"):
        api.headers.pop(name)
    answer = await api.get("/admin/health", headers={header: sent})
    assert answer.status_code == status


async def test_the_admin_key_does_not_open_the_api(lonely: Api):
    answer = await lonely.get("/api/cities", headers={"X-API-Key": ADMIN_KEY})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    "body", ["", " ", "{", "nonsense", "{'a': 1}", '{"a": 1}x', "\xff", "[" * 100_000, "NaN"]
)
async def test_what_is_not_json_is_400(path: str, body: str, lonely: Api):
    content = body.encode("latin-1")
    answer = await lonely.post(path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"] == "The body is not JSON"


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data",
     "application/msgpack", "application/jsonx", "json"],
)  # fmt: skip
async def test_another_media_type_is_415(path: str, media_type: str, lonely: Api):
    answer = await lonely.post(path, content=b"{}", headers={"Content-Type": media_type})
    assert answer.status_code == 415
    assert media_type in answer.json()["detail"]


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
async def test_json_is_json_with_any_parameters(path: str, media_type: str, lonely: Api):
    answer = await lonely.post(path, content=b"[]", headers={"Content-Type": media_type})
    assert answer.status_code == 422


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("body", [[], 5, "text", None, True])
async def test_json_that_is_no_object_is_422(path: str, body: Any, lonely: Api):
    answer = await lonely.post(path, json=body)
    assert answer.status_code in {400, 422} if body is None else answer.status_code == 422
    assert answer.json()["title"] in {"Invalid input", "The body is not JSON"}


@pytest.mark.parametrize("path", BODIES)
async def test_an_unknown_field_is_named(path: str, lonely: Api):
    answer = await lonely.post(path, json=BODIES[path] | {"a/b~c": 1})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/a~1b~0c", "detail": "is not a field of this request", "in": "body"}
    ]


@pytest.mark.parametrize("path", BODIES)
async def test_missing_fields_are_all_named(path: str, lonely: Api):
    answer = await lonely.post(path, json={})
    assert answer.status_code == 422
    assert {fault["detail"] for fault in answer.json()["errors"]} == {"is required"}


@pytest.mark.parametrize(
    "path, field, value",
    [
        ("/api/process-client", "client_id", "nobody"),
        ("/api/process-client", "client_id", 5),
        ("/api/add-addresses", "client_id", ""),
        ("/api/add-addresses", "count", 0),
        ("/api/add-addresses", "count", 1001),
        ("/api/add-addresses", "count", "5"),
        ("/api/add-addresses", "count", 10**40),
        ("/admin/schedule/run", "kind", "daily"),
        ("/admin/schedule/run", "date", "2026-02-30"),
        ("/admin/schedule/run", "date", "9999-12-31"),
        ("/admin/schedule/run", "date", 20261121),
        ("/admin/schedule/run", "dry_run", "no"),
        ("/admin/schedule/run", "dry_run", None),
    ],
)
async def test_a_wrong_value_is_named(path: str, field: str, value: Any, lonely: Api):
    answer = await lonely.post(path, json=BODIES[path] | {field: value})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [f"/{field}"]


@pytest.mark.parametrize("path", [path for path in READS if path.endswith("/{}")])
@pytest.mark.parametrize("value", ["nobody", "1", "%00", "é", "0199c0de-0000-7000-8000", "'--"])
async def test_an_id_that_is_no_uuid_is_422(path: str, value: str, lonely: Api):
    answer = await lonely.get(path.format(value))
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["detail"], fault["in"]) == ("is not a UUID", "path")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=ten", "limit=1.5", "limit=", "offset=-1", "offset=x",
     "offset=99999999999999999999", "status=lost", "status="],
)  # fmt: skip
async def test_a_wrong_query_value_is_named(query: str, lonely: Api):
    answer = await lonely.get(f"/api/get-client-properties/{uuid4()}?{query}")
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["in"]) == (f"/{query.partition('=')[0]}", "query")


async def test_every_wrong_query_value_is_named(lonely: Api):
    answer = await lonely.get(f"/api/get-client-properties/{uuid4()}?limit=0&offset=-1")
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/limit", "/offset"}


@pytest.mark.parametrize("query", ["q=" + "x" * 101, "limit=0", "limit=101"])
async def test_a_wrong_search_is_422(query: str, lonely: Api):
    assert (await lonely.get(f"/api/cities?{query}")).status_code == 422


async def test_an_unknown_id_is_404_with_a_sentence(api: Api):
    sentences = {
        ("GET", f"/api/clients/{UNKNOWN}"): f"Client {UNKNOWN} not found",
        ("GET", f"/api/get-client-properties/{UNKNOWN}"): f"Client {UNKNOWN} not found",
        ("GET", f"/api/job-status/{UNKNOWN}"): f"Job {UNKNOWN} not found",
        ("POST", "/api/process-client"): f"Client {UNKNOWN} not found or inactive",
        ("POST", "/api/add-addresses"): f"Client {UNKNOWN} not found or inactive",
    }
    for (method, path), sentence in sentences.items():
        answer = await api.request(method, path, json=BODIES.get(path))
        assert (answer.status_code, answer.json()["detail"]) == (404, sentence)


@pytest.mark.parametrize("path", BODIES)
async def test_a_body_above_a_megabyte_is_413(path: str, lonely: Api):
    body = b'{"first_name": "' + b"x" * 1_000_000 + b'"}'
    answer = await lonely.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/nothing/here", "/api/nothing", "/docs/nothing/here", "//"])
async def test_nothing_there_is_404(path: str, lonely: Api):
    answer = await lonely.get(path)
    assert answer.status_code == 404
    assert "/docs" in answer.json()["detail"]


async def test_another_method_is_405_and_names_the_known_ones(lonely: Api):
    answer = await lonely.delete("/api/process-client")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "method, path", [*GUARDED, ("GET", f"/api/get-client-properties/{UNKNOWN}")]
)
async def test_without_postgresql_the_answer_is_503(method: str, path: str, lonely: Api):
    answer = await lonely.request(method, path, json=BODIES.get(path))
    if path == "/admin/health":
        assert answer.json()["components"]["database"]["status"] == "down"
        return
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "Connection" not in answer.text


@pytest.mark.parametrize("path", [*OPEN, *(path for _, path in GUARDED), "/nothing/here"])
async def test_every_answer_carries_ids_and_guards(path: str, lonely: Api):
    answer = await lonely.get(path)
    assert answer.headers["X-Request-ID"]
    assert answer.headers["traceparent"].startswith("00-")
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem.keys() >= {"type", "title", "status", "detail", "instance", "trace_id"}
        assert problem["status"] == answer.status_code
        assert problem["trace_id"] in answer.headers["traceparent"]
