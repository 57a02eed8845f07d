from typing import Any

import pytest
from litestar import Request

from services.gateway.routes.conditional import not_modified, require_match
from services.gateway.routes.paging import next_link
from services.gateway.routes.problems import Refusal


def asks(*headers: tuple[str, str], query: str = "") -> Request[Any, Any, Any]:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers]
    scope: Any = {
        "type": "http", "method": "GET", "path": "/api/things", "query_string": query.encode(),
        "headers": raw, "state": {},
    }  # fmt: skip
    return Request(scope)


@pytest.mark.parametrize(
    "sent, is_known",
    [
        ('"7"', True),
        ('W/"7"', True),
        ('"6", "7"', True),
        ("*", True),
        ('"6"', False),
        ("7", False),
        ("", False),
    ],
)
def test_who_holds_the_present_state_reads_nothing(sent: str, is_known: bool):  # noqa: FBT001 - the table above
    assert not_modified(asks(("If-None-Match", sent)), '"7"') == is_known


def test_who_asks_for_nothing_special_reads():
    assert not not_modified(asks(), '"7"')


@pytest.mark.parametrize("sent", ['"7"', "*", '"6", "7"'])
def test_who_knows_the_present_state_may_change_it(sent: str):
    assert may_change(asks(("If-Match", sent)))


@pytest.mark.parametrize("sent", ['"6"', 'W/"7"', "7", '"6", "8"'])
def test_who_knows_another_state_may_not(sent: str):
    assert not may_change(asks(("If-Match", sent)))


def test_who_asks_for_no_match_may_change_it():
    assert may_change(asks())


def test_headers_that_come_twice_are_one_list():
    assert may_change(asks(("If-Match", '"6"'), ("If-Match", '"7"')))


def may_change(request: Request[Any, Any, Any]) -> bool:
    """Whether a state that is called 7 may be changed by this request; else it gets 412."""
    try:
        require_match(request, '"7"')
    except Refusal as refusal:
        if refusal.status_code != 412:
            raise
        return False
    return True


def test_the_way_on_keeps_what_was_asked():
    request = asks(query="status=failed&offset=5&limit=9&client_id=a%26b")
    link = next_link(request, limit=10, offset=20, more=True)
    expected = '</api/things?limit=10&offset=30&status=failed&client_id=a%26b>; rel="next"'
    assert link == {"Link": expected}


def test_the_last_page_leads_nowhere():
    assert next_link(asks(), limit=10, offset=20, more=False) == {}
