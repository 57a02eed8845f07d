"""What the agent makes of an address: a tap, a form, and the last change taken back."""

import re
from datetime import date

from tests.gateway.agent.conftest import HTMX, Agent, home, streets
from tests.gateway.routes.delivered import address

SINCE = re.compile(r'name="since" value="([^"]+)"')


async def test_a_tap_sets_the_status_and_leads_back_to_the_card(agent: Agent):
    await agent.deliver("a")

    answer = await agent.post(f"{home('a')}?kind=house&from=list", {"status": "contacted"})

    assert answer.status_code == 303
    back = answer.headers["location"]
    assert back == f"{agent.path}?kind=house&changed={address('a')}#home-{address('a')}"
    text = await agent.follow(answer)
    assert 'value="contacted" aria-pressed="true"' in text
    assert "Annuler le dernier changement" in text
    assert (await agent.followed("a"))["status"] == "contacted"


async def test_a_tap_of_a_script_is_answered_with_its_card_alone(agent: Agent):
    await agent.deliver("a", "b")

    answer = await agent.post(f"{home('a')}?from=list", {"status": "sold"}, headers=HTMX)

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith(f'<li class="home" id="home-{address("a")}"')
    assert len(streets(answer.text)) == 1
    assert 'data-status="sold"' in answer.text
    undo = await agent.post(
        f"{home('a')}/undo?from=list", {"since": SINCE.findall(answer.text)[0]}, headers=HTMX
    )
    assert 'data-status="new"' in undo.text
    assert "Le dernier changement est annulé" in undo.text


async def test_a_form_keeps_everything_as_it_was_written(agent: Agent):
    await agent.deliver("a")
    sent = {
        "notes": "Rappeler\r\nsamedi <b>", "contact_date": "2026-11-20", "follow_up": "2026-12-01",
        "sale_horizon": "6 mois", "desired_price": "265 000,50 €",
    }  # fmt: skip

    text = await agent.follow(await agent.post(home("a"), sent))

    kept = await agent.followed("a")
    assert (kept["notes"], kept["sale_horizon"]) == ("Rappeler\nsamedi <b>", "6 mois")
    assert (kept["contact_date"], kept["follow_up"]) == (date(2026, 11, 20), date(2026, 12, 1))
    assert (float(kept["desired_price_eur"]), kept["status"]) == (265_000.5, "new")
    assert "C’est enregistré" in text
    assert "Rappeler\nsamedi &lt;b&gt;</textarea>" in text
    (soon,) = re.findall(r'name="follow_up_on" value="([^"]+)"[^>]*>dans une semaine', text)
    await agent.post(home("a"), sent | {"notes": "typed too", "follow_up_on": soon})
    assert (await agent.followed("a"))["follow_up"] == date.fromisoformat(soon)
    assert (await agent.followed("a"))["notes"] == "typed too"
    await agent.post(home("a"), dict.fromkeys(sent, ""))
    emptied = await agent.followed("a")
    assert [emptied[name] for name in ("notes", "follow_up", "desired_price_eur")] == [None] * 3


async def test_what_the_interface_refuses_is_told_beside_its_field(agent: Agent):
    await agent.deliver("a")
    wrong = {
        "notes": "x" * 5001, "contact_date": "yesterday", "follow_up": "2026-02-30",
        "sale_horizon": "a\x07", "desired_price": "nan",
    }  # fmt: skip
    for name, value in wrong.items():
        answer = await agent.post(home("a"), {"notes": "kept while typing", name: value})
        assert (name, answer.status_code) == (name, 422)
        assert f'id="fault-{name}"' in answer.text
        assert answer.text.count('aria-invalid="true"') == 1
        assert "kept while typing" in answer.text if name != "notes" else "x" * 5001 in answer.text
    for refused in ({"status": "refused"}, {"status": ""}):
        assert (await agent.post(home("a"), refused)).status_code == 422
    assert (await agent.post(home("a"), {"x": "y"})).status_code == 422
    assert (await agent.post(home("a"), {"notes": "x" * 200_000})).status_code == 413
    json = await agent.http.post(f"{agent.path}{home('a')}", json={"status": "sold"})
    assert json.status_code == 415
    assert await agent.followed("a") is None


async def test_undoing_goes_back_one_change_and_undoing_again_brings_it_back(agent: Agent):
    await agent.deliver("a")
    await agent.post(home("a"), {"status": "meeting", "notes": "one"})
    await agent.post(home("a"), {"status": "mandate", "follow_up": "2026-12-01"})
    seen = SINCE.findall(await agent.read(home("a")))[0]

    text = await agent.follow(await agent.post(f"{home('a')}/undo", {"since": seen}))

    now = await agent.followed("a")
    assert (now["status"], now["notes"], now["follow_up"]) == ("meeting", "one", None)
    assert "Le dernier changement est annulé" in text
    stale = await agent.follow(await agent.post(f"{home('a')}/undo", {"since": seen}))
    assert "a changé entre-temps" in stale
    again = SINCE.findall(stale)[0]
    await agent.post(f"{home('a')}/undo", {"since": again})
    assert (await agent.followed("a"))["status"] == "mandate"


async def test_nobody_touches_an_address_of_another(agent: Agent, other: Agent):
    await agent.deliver("a")
    await other.post(home("b"), {"status": "meeting"})
    for below, form in (
        (home("b"), {"status": "sold"}),
        (f"{home('b')}?from=list", {"status": "sold"}),
        (f"{home('b')}/undo", {"since": (await other.followed("b"))["followed_at"].isoformat()}),
        (f"{home('b')}/objection", {"confirmation": "oui"}),
        ("/homes/x", {"status": "sold"}),
    ):
        answer = await agent.post(below, form)
        assert (below, answer.status_code) == (below, 404)
    assert (await other.followed("b"))["status"] == "meeting"
    assert await agent.followed("b") is None
    assert await agent.admin.fetchval("select count(*) from scraper.opposition") == 0
