"""The form of a client: registered, changed, and what is wrong said beside its field."""

import re
from typing import Any

import pytest

from libs.common.postgres import Connection
from tests.gateway.console.conftest import Console
from tests.gateway.console.test_clients import client

VERSION = re.compile(r'name="version" value="([^"]*)"')
TICKED = re.compile(r'name="chosen_cities" value="(\w+)" checked')
GIVEN: dict[str, Any] = {
    "first_name": " Camille ",
    "last_name": "Durand",
    "email": "camille@agence.example",
    "company_name": "",
    "telephone": "",
    "locale": "fr",
    "subscription_type": "pro",
    "status": "active",
    "send_day": "15",
    "addresses_per_report": "",
    "chosen_cities": ["01053", "69123"],
    "property_type_preferences": ["house", "land"],
}
KEPT = """
    select first_name, company_name, telephone, send_day, addresses_per_report, chosen_cities,
           property_type_preferences, status, version
    from gateway.client where email = $1
"""


async def kept(admin: Connection, email: str = "camille@agence.example") -> tuple[Any, ...]:
    return tuple(await admin.fetchrow(KEPT, email) or ())


async def test_the_form_of_a_new_client_says_what_is_usual(console: Console):
    text = (await console.get("/console/clients/new")).text
    assert '<option value="pro" selected>' in text
    assert "Empty: 10" in text
    assert "No city is chosen." in text


async def test_a_client_is_registered(console: Console, admin: Connection):
    answer = await console.post("/console/clients/new", GIVEN)

    assert "The client is registered." in await console.follow(answer)
    assert await kept(admin) == (
        "Camille", None, None, 15, 10, ["01053", "69123"], ["house", "land"], "active", 1,
    )  # fmt: skip
    assert await admin.fetchval("select topic from gateway.outbox") == "client.registered"


async def test_a_client_registered_twice_is_one(console: Console, admin: Connection):
    marks = await console.marks()
    answers = [
        await console.http.post("/console/clients/new", data=marks | GIVEN) for _ in range(2)
    ]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert await admin.fetchval("select count(*) from gateway.client") == 1


@pytest.mark.parametrize(
    "field, value, said",
    [
        ("first_name", "  ", "A first name of 1 to 100 signs"),
        ("last_name", "x\u202ey", "A last name of 1 to 100 signs"),
        ("email", "camille", "This is no mail address."),
        ("telephone", "call me", "This is no telephone number."),
        ("send_day", "32", "A day from 1 to 31."),
        ("send_day", "", "A day from 1 to 31."),
        ("addresses_per_report", "0", "A number from 1 to 1000."),
        ("addresses_per_report", "ten", "A number from 1 to 1000."),
        ("subscription_type", "gold", "Choose a plan."),
        ("locale", "de", "Choose a language."),
        ("status", "inactive", "Choose a state."),
        ("chosen_cities", [], "Choose at least one city"),
        ("chosen_cities", ["67482"], "Choose at least one city"),
        ("chosen_cities", ["69123", "69381"], "Choose at least one city"),
        ("chosen_cities", ["99999", "\x00"], "Choose at least one city"),
        ("property_type_preferences", [], "Choose at least one kind."),
        ("property_type_preferences", ["castle"], "Choose at least one kind."),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    console: Console, admin: Connection, field: str, value: Any, said: str
):
    answer = await console.post("/console/clients/new", GIVEN | {field: value})

    assert answer.status_code == 422
    assert said in answer.text
    assert f'id="wrong-{field}"' in answer.text
    assert f'aria-describedby="wrong-{field}' in answer.text
    assert answer.text.count('id="wrong-') == 1
    assert 'value="Durand"' in answer.text or field == "last_name"
    assert await admin.fetchval("select count(*) from gateway.client") == 0


async def test_all_that_is_wrong_is_said_at_once(console: Console):
    answer = await console.post("/console/clients/new", {"email": "<b>x"})
    assert answer.text.count('id="wrong-') == 9
    assert "<b>x" not in answer.text


async def test_a_mail_address_is_taken_once(console: Console, admin: Connection):
    await client(admin, "Zoé Martin", email="camille@agence.example")
    answer = await console.post("/console/clients/new", GIVEN)

    assert answer.status_code == 409
    assert "This mail address belongs to another client." in answer.text


@pytest.mark.usefixtures("admin")
async def test_a_city_is_found_by_its_name_without_losing_the_rest(console: Console):
    answer = await console.post("/console/clients/new", GIVEN | {"city": "hendaye"})

    assert answer.status_code == 200
    assert 'value=" Camille "' in answer.text or 'value="Camille"' in answer.text
    assert TICKED.findall(answer.text) == ["01053", "69123", "64260"]
    several = await console.post("/console/clients/new", GIVEN | {"city": "ly", "find": "1"})
    assert TICKED.findall(several.text) == ["01053", "69123"]
    assert "Lyons-la-Forêt" in several.text
    uncovered = await console.post("/console/clients/new", GIVEN | {"city": "strasbourg"})
    assert 'value="67482" disabled' in uncovered.text
    none = await console.post("/console/clients/new", GIVEN | {"city": "<i>zzz"})
    assert "No city has this name or code." in none.text
    assert "<i>zzz" not in none.text


async def test_criteria_are_changed(console: Console, admin: Connection):
    zoe = await client(admin, "Zoé Martin", email="zoe@agence.example", company="Lac")
    form = (await console.get(f"/console/clients/{zoe}/edit")).text
    assert TICKED.findall(form) == ["01053"]
    version = VERSION.findall(form)[0].replace("&#34;", '"')
    change = GIVEN | {"version": version, "status": "test", "addresses_per_report": "12"}

    answer = await console.post(f"/console/clients/{zoe}/edit", change)
    assert "The criteria are saved." in await console.follow(answer)
    assert await kept(admin) == (
        "Camille", None, None, 15, 12, ["01053", "69123"], ["house", "land"], "test", 2,
    )  # fmt: skip


async def test_nobody_overwrites_unseen_what_somebody_else_has_changed(
    console: Console, admin: Connection
):
    zoe = await client(admin, "Zoé Martin", email="zoe@agence.example")
    form = (await console.get(f"/console/clients/{zoe}/edit")).text
    version = VERSION.findall(form)[0].replace("&#34;", '"')
    await console.post(f"/console/clients/{zoe}/pause")
    change = GIVEN | {"version": version, "addresses_per_report": "12"}

    refused = await console.post(f"/console/clients/{zoe}/edit", change)
    assert refused.status_code == 412
    assert "Somebody has changed this client meanwhile." in refused.text
    assert await kept(admin) == ()
    newer = VERSION.findall(refused.text)[0].replace("&#34;", '"')
    again = await console.post(f"/console/clients/{zoe}/edit", change | {"version": newer})
    assert again.status_code == 303


async def test_a_change_that_cannot_be_says_why(console: Console, admin: Connection):
    zoe = await client(admin, "Zoé Martin", email="zoe@agence.example")
    answer = await console.post(
        f"/console/clients/{zoe}/edit", GIVEN | {"send_day": "0", "addresses_per_report": ""}
    )
    assert answer.status_code == 422
    assert {'id="wrong-send_day"', 'id="wrong-addresses_per_report"'} == set(
        re.findall(r'id="wrong-\w+"', answer.text)
    )
    assert await kept(admin) == ()
