from typing import Any, cast

import httpx
import pytest
from litestar import Litestar, get
from structlog.testing import capture_logs

from services.gateway.routes.failures import HANDLERS
from services.gateway.routes.trace import trace_of
from tests.gateway.routes.conftest import Api, application, speak_to

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_the_callers_ids_are_continued(lonely: Api):
    given = {"X-Request-ID": "order-17/a", "traceparent": PARENT}
    answer = await lonely.get("/health", headers=given)
    assert answer.headers["X-Request-ID"] == "order-17/a"
    version, trace_id, span_id, flags = answer.headers["traceparent"].split("-")
    assert (version, trace_id, flags) == ("00", "4bf92f3577b34da6a3ce929d0e0e4736", "01")
    assert span_id != "00f067aa0ba902b7"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "a\x00", "<b>", "é"])
def test_an_insane_request_id_is_replaced(sent: str):
    made = trace_of({"x-request-id": sent}).request_id
    assert made != sent
    assert len(made) == 36


@pytest.mark.parametrize(
    "sent",
    ["", "nonsense", PARENT.replace("00-4", "ff-4"), PARENT.upper(), PARENT + "-more", PARENT[:-1],
     "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01"],
)  # fmt: skip
def test_an_invalid_trace_begins_anew(sent: str):
    assert "4bf92f3577b34da6a3ce929d0e0e4736" not in trace_of({"traceparent": sent}).trace_id


def test_a_later_version_of_the_trace_is_understood():
    later = PARENT.replace("00-4", "01-4") + "-more"
    assert trace_of({"traceparent": later}).trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_a_request_leaves_one_line_without_what_it_said(lonely: Api):
    with capture_logs() as lines:
        await lonely.get("/api/clients/camille@agence.example?email=camille@agence.example")
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["status"]) == ("GET", 422)
    assert line["route"] == "/api/clients/{client_id}"
    assert line["milliseconds"] >= 0
    assert "camille" not in str(lines)


async def test_head_is_answered_as_get(lonely: Api):
    assert (await lonely.head("/health")).status_code == 200
    assert (await lonely.head("/api/process-client")).status_code == 405


async def test_options_name_every_method_and_need_no_key(lonely: Api):
    lonely.headers.clear()
    answer = await lonely.options("/admin/api-keys")
    assert (answer.status_code, answer.content) == (204, b"")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert answer.headers["X-Request-ID"]
    nothing = await lonely.options("/nothing/here")
    assert (nothing.status_code, nothing.json()["title"]) == (404, "Not found")


async def test_a_bug_of_ours_tells_its_trace_and_no_more():
    @get("/", sync_to_thread=False)
    def broken() -> None:
        raise ValueError("the secret of camille@agence.example")

    problem, lines = await _ask(Litestar([broken], exception_handlers=HANDLERS))
    assert problem["status"] == 500
    assert "secret" not in str(problem)
    assert any("ValueError" in str(line) for line in lines)


async def _ask(app: Litestar) -> tuple[dict[str, Any], list[Any]]:
    transport = httpx.ASGITransport(cast(Any, app), raise_app_exceptions=False)
    with capture_logs() as lines:
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            answer = await client.get("/")
    return answer.json(), list(lines)


async def test_an_answer_to_a_bug_carries_the_ids_too():
    def broken(*_: Any) -> Any:
        raise ValueError

    app = application(reading=broken, writing=broken, count=broken)
    answer = await speak_to(app).get("/api/cities?q=lyon", headers={"X-Request-ID": "order-17"})
    assert answer.status_code == 500
    assert answer.headers["X-Request-ID"] == "order-17"
    assert answer.json()["trace_id"] in answer.headers["traceparent"]
