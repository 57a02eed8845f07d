"""The page of an agent, as the link in a mail opens it, and the way out of the mails."""

import re

from tests.interface.world import NOBODY, World
from tests.support.stack import until

BELOW = ("", "/places.json", "/properties.csv", "/properties.xlsx", "/sheet.pdf", "/labels.pdf",
         "/follow-ups.ics", "/preferences")  # fmt: skip
WISHES = {
    "kinds": ["house", "apartment"],
    "addresses_per_report": "5",
    "send_day": "15",
    "locale": "fr",
}


async def subscription(here: World) -> None:
    leave = await here.link("u")
    await here.ask("GET", leave)
    for _ in range(2):
        await here.ask("POST", leave, data={"List-Unsubscribe": "One-Click"})
    await here.ask("GET", "/u/wrong", 404)
    await here.ask("POST", "/u/wrong", 404, data={"List-Unsubscribe": "One-Click"})


async def homes(here: World) -> None:
    page = await here.link("c")
    text = await here.ask("GET", page)
    assert "Bourg-en-Bresse" in text
    await until(lambda: _are_drawn(here, page))
    for below in BELOW:
        await here.ask("GET", page + below)
        await here.ask("GET", f"/c/wrong{below}", 404)
    *_, found = re.findall(r'id="home-([0-9a-f-]{36})"', text)
    home, nowhere = f"{page}/homes/{found}", f"{page}/homes/{NOBODY}"
    await here.ask("POST", home, 303, data={"status": "contacted"})
    await here.ask(
        "POST", f"{home}?from=list", data={"status": "meeting"}, headers={"HX-Request": "true"}
    )
    await here.ask("POST", home, 422, data={"follow_up": "soon"})
    (since, *_) = re.findall(r'name="since" value="([^"]+)"', await here.ask("GET", home))
    await here.ask("POST", f"{home}/undo", 303, data={"since": since})
    assert 'value="contacted" aria-pressed="true"' in await here.ask("GET", home)
    await here.ask("POST", f"{home}/objection", 422, data={"confirmation": "no"})
    await here.ask("POST", f"{home}/objection", 303, data={"confirmation": "oui"})
    await here.ask("GET", home, 404)
    for wrong in (nowhere, f"{nowhere}/undo", f"{nowhere}/objection"):
        await here.ask("POST", wrong, 404, data={"status": "sold"})


async def _are_drawn(here: World, page: str) -> bool:
    """Whether the outlines are there, which the scraper fetches beside its work."""
    return bool((await here.ask("GET", f"{page}/places.json"))["outlines"])


async def preferences(here: World) -> None:
    wishes = f"{await here.link('c')}/preferences"
    await here.ask("POST", wishes, 303, data=WISHES)
    await here.ask("POST", wishes, 422, data=WISHES | {"send_day": "32"})
    await here.ask("POST", f"{wishes}/cities", 303, data={"add": "64260"})
    await here.ask("POST", f"{wishes}/cities", 303, data={"remove": "64260"})
    await here.ask("POST", f"{wishes}/cities", 422, data={"add": "99999"})
    await here.ask("POST", f"{wishes}/pause", 303)
    await here.ask("POST", f"{wishes}/resume", 303)
    for below in ("", "/cities", "/pause", "/resume"):
        await here.ask("POST", f"/c/wrong/preferences{below}", 404, data=WISHES)
