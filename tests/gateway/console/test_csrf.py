"""What another site makes an operator's browser send does nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.gateway.console.conftest import Console, Visitor

OPEN = {"/console/sign-in", "/console/language"}
"""They act on nobody's session: there the browser's word for where a form comes from is enough."""


def acting(app: Litestar) -> Iterator[tuple[str, str]]:
    """Every route of the console that does something."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith("/console"):
            for method in route.methods - {"GET", "HEAD", "OPTIONS"}:
                yield method, route.path_format


def filled(path: str) -> str:
    return path.replace("{", "").replace("}", "")


async def test_every_action_asks_for_the_sessions_own_form(console: Console):
    app: Any = console.http._transport.app  # type: ignore[attr-defined]
    inner = find_litestar(app)
    routes = [one for one in acting(inner) if one[1] not in OPEN]
    assert len(routes) >= 10

    for method, path in routes:
        for form in ({}, {"csrf": ""}, {"csrf": "0" * 64}):
            answer = await console.http.request(method, filled(path), data=form)
            assert answer.status_code in {403, 415}, (method, path, answer.status_code)


async def test_every_action_asks_where_it_comes_from(console: Console):
    inner = find_litestar(console.http._transport.app)  # type: ignore[attr-defined]
    form = await console.marks()

    for method, path in acting(inner):
        for header in FOREIGN:
            answer = await console.http.request(method, filled(path), data=form, headers=header)
            assert answer.status_code == 403, (method, path, header)


FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://gateway:81"},
)


@pytest.mark.parametrize(
    "header", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://gateway"}]
)
async def test_a_form_of_ours_is_taken(console: Console, header: dict[str, str]):
    form = await console.marks()

    answer = await console.http.post("/console/sign-out", data=form, headers=header)

    assert answer.status_code == 303


async def test_the_form_of_another_session_is_refused(console: Console, visitor: Visitor):
    other = await visitor()
    await other.sign_in()

    answer = await console.http.post("/console/sign-out", data=await other.marks())

    assert answer.status_code == 403
    assert "open the page again" in answer.text


@pytest.mark.parametrize(
    "body, kind, status",
    [
        (b"csrf=" + b"a" * 200_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % n for n in range(2000)), "application/x-www-form-urlencoded", 400),
        (b"csrf=\xff", "application/x-www-form-urlencoded", 400),
        (b'{"csrf": "0"}', "application/json", 415),
        (b"csrf=0", "text/plain", 415),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(
    console: Console, body: bytes, kind: str, status: int
):
    answer = await console.http.post(
        "/console/sign-out", content=body, headers={"Content-Type": kind}
    )

    assert answer.status_code == status
    assert "text/html" in answer.headers["content-type"]


async def test_no_page_is_kept_framed_or_found(console: Console):
    for path in ("/console/nowhere", "/console/sign-in"):
        answer = await console.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"):  # fmt: skip
            assert part in policy
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "noindex" in answer.headers["X-Robots-Tag"]


async def test_what_is_asked_for_comes_back_as_text(console: Console):
    answer = await console.get("/console/%3Cscript%3Ealert(1)%3C/script%3E?a=%22%3E%3Cb%3E")

    assert "<script>alert" not in answer.text
    assert '"><b>' not in answer.text


def find_litestar(app: Any) -> Litestar:
    """The application that httpx speaks to."""
    assert isinstance(app, Litestar)
    return app
