"""What the page says of every operation, done once: each status of its first table."""

from typing import Any

import httpx

from tests.interface.clients import AGENT
from tests.interface.page import rows
from tests.interface.world import NOBODY, World

OURS_ALONE = {412, 500, 503}
"""412 is asked for with the clients; the others come from a broken stack: their tests are beside the code."""
WRONG_KEYS = 201


async def manners(here: World) -> None:
    seen: set[int] = set()
    async with httpx.AsyncClient(base_url=here.api.base_url, headers=here.api.headers) as api:
        for method, path, given in WRONG:
            answer = await api.request(method, path, **given)
            problem = answer.json()
            assert answer.headers["content-type"] == "application/problem+json", answer.text
            assert problem["status"] == answer.status_code
            assert problem.keys() >= {"type", "title", "detail", "instance", "trace_id"}
            assert {"x-request-id", "traceparent", "x-robots-tag"} <= answer.headers.keys()
            seen.add(answer.status_code)
        wrong = {"X-API-Key": "wrong"}
        last = [await api.get("/api/cities", headers=wrong) for _ in range(WRONG_KEYS)][-1]
        assert (last.status_code, "Retry-After" in last.headers) == (429, True)
        seen.add(last.status_code)
        for page in ("/docs", "/redoc", "/openapi.json", "/asyncapi"):
            assert (await api.get(page)).status_code == 200
    assert seen == {int(row[0]) for row in rows("Status")} - OURS_ALONE


JSON = {"Content-Type": "application/json"}
WRONG: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/api/process-client", {"content": b"{", "headers": JSON}),
    ("GET", "/api/cities", {"headers": {"X-API-Key": "wrong"}}),
    ("GET", f"/api/job-status/{NOBODY}", {}),
    ("GET", "/api/nowhere", {}),
    ("PATCH", "/api/cities", {"json": {}}),
    ("POST", "/api/clients", {"content": b"1" * 1_000_001, "headers": JSON}),
    ("POST", "/api/process-client", {"content": b"a=1", "headers": {"Content-Type": "text/plain"}}),
    ("POST", "/api/process-client", {"json": {"client": NOBODY}}),
    ("POST", "/api/clients", {"json": {**AGENT, "email": "agent1@example.org"}}),
    ("POST", f"/admin/client/{NOBODY}/revoke-links", {}),
)
