"""What a client wishes, said on its page by the rules of the interface."""

from tests.gateway.agent.conftest import HTMX, Agent

WISHES = {
    "kinds": ["house", "land"],
    "addresses_per_report": "25",
    "send_day": "31",
    "locale": "fr",
}


async def test_wishes_are_kept_and_count_from_the_next_delivery_on(agent: Agent):
    text = await agent.follow(await agent.post("/preferences", WISHES))

    kept = await agent.client()
    assert kept["property_type_preferences"] == ["house", "land"]
    assert (kept["addresses_per_report"], kept["send_day"], kept["locale"]) == (25, 31, "fr")
    assert "C’est enregistré" in text
    assert "Prochaine livraison :" in text
    assert 'value="house" checked' in text
    english = await agent.follow(await agent.post("/preferences", WISHES | {"locale": "en"}))
    assert "Your preferences" in english


async def test_what_the_interface_refuses_is_told_beside_its_field(agent: Agent):
    before = await agent.client()
    for name, value, told in (
        ("kinds", [], "property_type_preferences"),
        ("kinds", ["castle"], "property_type_preferences"),
        ("kinds", ["land", "land"], "property_type_preferences"),
        ("addresses_per_report", "0", "addresses_per_report"),
        ("addresses_per_report", "1e3", "addresses_per_report"),
        ("addresses_per_report", "9" * 30, "addresses_per_report"),
        ("send_day", "32", "send_day"),
        ("send_day", "", "send_day"),
        ("locale", "de", "locale"),
    ):
        answer = await agent.post("/preferences", WISHES | {name: value})
        assert (name, value, answer.status_code) == (name, value, 422)
        assert f'id="fault-{told}"' in answer.text
        assert 'role="alert"' in answer.text
    assert await agent.client() == before


async def test_cities_are_found_added_and_removed(agent: Agent):
    found = await agent.read("/preferences?q=Hend")
    part = await agent.get("/preferences?q=Hend", headers=HTMX)
    assert 'name="add" value="64260"' in found
    assert part.text.lstrip().startswith('<div id="suggestions">')
    assert 'name="add" value="64260"' in part.text
    assert "Il en faut au moins une" in found

    text = await agent.follow(await agent.post("/preferences/cities", {"add": "64260"}))
    assert "Hendaye" in text
    assert (await agent.client())["chosen_cities"] == ["01053", "64260"]
    await agent.post("/preferences/cities", {"add": "64260"})
    await agent.post("/preferences/cities", {"remove": "01053"})
    assert (await agent.client())["chosen_cities"] == ["64260"]
    assert "déjà choisie" in await agent.read("/preferences?q=64700")
    assert "pas encore couverte" in await agent.read("/preferences?q=strasbourg")
    assert "Aucune ville" in await agent.read("/preferences?q=zzz")


async def test_cities_that_cannot_be_are_refused(agent: Agent):
    for form in ({"add": "67482"}, {"add": "99999"}, {"add": "<script>"}, {"remove": "01053"}):
        answer = await agent.post("/preferences/cities", form)
        assert (form, answer.status_code) == (form, 422)
        assert "Vos villes restent comme elles étaient" in answer.text
    assert (await agent.client())["chosen_cities"] == ["01053"]


async def test_whoever_pauses_resumes_and_is_welcomed_once(agent: Agent):
    for _ in range(2):
        said = await agent.follow(await agent.post("/preferences/pause"))
        assert '<div class="flash done" role="status"><p>Vos livraisons sont en pause' in said
    assert (await agent.client())["status"] == "inactive"
    text = await agent.read("/preferences")
    assert "Vos livraisons sont en pause" in text
    assert "Prochaine livraison" not in text

    assert "reprennent" in await agent.follow(await agent.post("/preferences/resume"))
    assert (await agent.client())["status"] == "active"
    registered = "select count(*) from gateway.outbox where topic = 'client.registered'"
    assert await agent.admin.fetchval(registered) == 1
    assert "Rien à reprendre" in await agent.follow(await agent.post("/preferences/resume"))


async def test_whom_an_operator_has_stopped_does_not_resume(agent: Agent):
    await agent.post("/preferences/pause")
    for status in ("active", "inactive"):
        await agent.admin.execute("update gateway.client set status = $1", status)

    text = await agent.follow(await agent.post("/preferences/resume"))

    assert (await agent.client())["status"] == "inactive"
    assert "n’est pas actif" in text
    assert "/preferences/resume" not in text
