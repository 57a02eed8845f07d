"""The page of an agent on a phone: a tap, a list, a map, and no need of any of our scripts."""

import re
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.looking import violations
from tests.browser.serving import Site, signed

pytestmark = pytest.mark.browser

PATIENCE = 15_000
CLIENT = """
    insert into gateway.client (id, first_name, last_name, email, subscription_type, status, send_day,
      addresses_per_report, chosen_cities, property_type_preferences, active_since)
    values ($1::uuid, 'Ada', 'Martin', $1::uuid::text || '@agence.example', 'pro', 'active', 10, 10, '{01053}',
            '{house}', '2026-01-01')
"""
HOMES = """
    with choice as (
      insert into assigner.choice (job_id, client_id, requested, found, as_of, seed, cities, tried)
      values (gen_random_uuid(), $1::uuid, 3, 3, '2026-11-21', 7, '{01053}', '{}') returning job_id
    ), home as (
      insert into assigner.home (home_key, address_id)
      select $1::uuid::text || n, gen_random_uuid() from generate_series(1, 3) as n returning home_key
    )
    insert into assigner.assignment (client_id, home_key, job_id, position, property_id, insee_code,
      city_name, postal_code, address, kind, sold_on, price_eur, surface_m2, rooms, latitude, longitude,
      source, edition, position_source)
    select $1::uuid, home_key, job_id, n, gen_random_uuid(), '01053', 'Bourg-en-Bresse', '01000',
           n || ' RUE DU TEST', case n when 3 then 'land' else 'house' end, '2019-06-14', 100000 * n,
           90, 4, 46.2 + n / 100.0, 5.2, 'geo-dvf', '2026-10', 'parcel'
    from choice, (select home_key, row_number() over (order by home_key)::int as n from home) as door
"""
STATUS = "select status from assigner.follow_up where client_id = $1"


@pytest.fixture
def client_id(site: Site) -> UUID:
    """A client of this test alone, who has received three homes."""
    client = uuid4()
    site.execute(CLIENT, client)
    site.execute(HOMES, client)
    return client


@pytest.fixture
def path(client_id: UUID) -> str:
    return f"/c/{signed(client_id)}"


def statuses(site: Site, client: UUID) -> list[str]:
    return [row["status"] for row in site.execute(STATUS, client)]


def first_card(page: Page) -> tuple[str, str]:
    """The name of the first address, and where its card is."""
    card = page.locator(".home").first
    return card.locator("h3").inner_text(), f"#{card.get_attribute('id')}"


def test_one_tap_changes_the_status_of_a_card_and_it_stays(
    open_page: Open, site: Site, client_id: UUID, path: str
):
    page = open_page(width=360)
    page.goto(path)
    page.evaluate("window.sameDocument = true")
    _, card = first_card(page)

    page.locator(card).get_by_role("button", name="Rendez-vous").click()

    chosen = page.locator(f"{card} button[aria-pressed=true]")
    expect(chosen).to_have_text("Rendez-vous", timeout=PATIENCE)
    expect(page.locator(f"{card} .said")).to_have_text("C’est enregistré.")
    expect(page.locator("#spoken")).to_have_text("C’est enregistré.")
    expect(chosen).to_be_focused()
    assert page.evaluate("window.sameDocument")
    assert statuses(site, client_id) == ["meeting"]
    page.reload()
    expect(page.locator(f"{card} button[aria-pressed=true]")).to_have_text("Rendez-vous")


def test_the_last_change_is_undone_in_place(
    open_page: Open, site: Site, client_id: UUID, path: str
):
    page = open_page(width=360)
    page.goto(path)
    _, card = first_card(page)
    page.locator(card).get_by_role("button", name="Vendu").click()

    page.locator(card).get_by_role("button", name="Annuler le dernier changement").click()

    expect(page.locator(f"{card} button[aria-pressed=true]")).to_have_text(
        "À contacter", timeout=PATIENCE
    )
    assert statuses(site, client_id) == ["new"]


def test_without_a_network_the_card_says_so_and_nothing_is_lost(
    open_page: Open, site: Site, client_id: UUID, path: str
):
    page = open_page(width=360)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    _, card = first_card(page)
    page.context.set_offline(True)

    page.locator(card).get_by_role("button", name="Mandat").click()

    expect(page.locator(f"{card} .fault")).to_contain_text("Pas de réseau", timeout=PATIENCE)
    assert statuses(site, client_id) == []
    page.context.set_offline(False)
    page.locator(card).get_by_role("button", name="Mandat").click()
    expect(page.locator(f"{card} button[aria-pressed=true]")).to_have_text(
        "Mandat", timeout=PATIENCE
    )
    expect(page.locator(f"{card} .fault")).to_have_count(0)


def test_all_of_it_works_without_scripts(open_page: Open, site: Site, client_id: UUID, path: str):
    page = open_page(width=360, java_script_enabled=False)
    page.goto(path)
    name, card = first_card(page)

    page.locator(card).get_by_role("button", name="Contacté", exact=True).click()
    assert re.search(r"changed=[0-9a-f-]{36}#home-", page.url)
    expect(page.locator(f"{card} button[aria-pressed=true]")).to_have_text("Contacté")
    page.locator(card).get_by_role("link", name="Notes et relance").click()
    page.get_by_label("Notes").fill("Rappeler samedi")
    page.get_by_label("Relancer le").fill("2026-12-01")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator(".flash")).to_contain_text("C’est enregistré")
    page.get_by_role("link", name="Retour à la liste").click()
    expect(page.locator(card)).to_contain_text("Relance le 1er décembre 2026")

    page.get_by_text("Chercher et trier").click()
    page.get_by_label("Statut", exact=True).select_option("contacted")
    page.get_by_role("button", name="Afficher").click()
    expect(page.locator(".home h3")).to_have_text([name])
    assert statuses(site, client_id) == ["contacted"]
    page.goto(f"{path}/preferences")
    page.get_by_label("Adresses par livraison").fill("12")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator(".flash")).to_contain_text("C’est enregistré")
    expect(page.get_by_label("Adresses par livraison")).to_have_value("12")


def test_list_and_map_take_turns_on_a_phone_and_stand_side_by_side_on_a_desk(
    open_page: Open, path: str
):
    page = open_page(width=360)
    page.goto(path)
    expect(page.locator(".map")).to_be_hidden()
    page.get_by_role("button", name="Carte", exact=True).click()
    expect(page.locator(".map[data-state=ready]")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".home").first).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Liste", exact=True).click()
    expect(page.locator(".home").first).to_be_visible()

    wide = open_page(width=1200)
    wide.goto(path)
    expect(wide.locator(".map[data-state=ready]")).to_be_visible(timeout=PATIENCE)
    expect(wide.locator(".home").first).to_be_visible()


def test_a_keyboard_is_enough(open_page: Open, site: Site, client_id: UUID, path: str):
    page = open_page(width=360)
    page.goto(path)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "negotiation":
            break
    page.keyboard.press("Enter")
    expect(page.locator(".home button[aria-pressed=true]").first).to_have_text(
        "Négociation", timeout=PATIENCE
    )
    assert statuses(site, client_id) == ["negotiation"]


def test_every_target_is_large_enough_for_a_thumb(open_page: Open, path: str):
    page = open_page(width=360)
    for below in ("", "/preferences?q=bourg"):
        page.goto(path + below)
        small = page.locator("button:visible, .button:visible, nav a:visible, h3 a:visible, "
                             "input:visible:not([type=checkbox]), select:visible, summary:visible").evaluate_all(
            "all => all.filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)"
        )  # fmt: skip
        assert small == []


def test_what_is_refused_can_be_read_by_everybody(
    open_page: Open, site: Site, client_id: UUID, path: str
):
    site.execute("update assigner.assignment set estimate_eur = 1, estimate_low_eur = 1,"
                 " estimate_high_eur = 1, estimate_basis = 'commune', estimate_comparables = 5"
                 " where client_id = $1", client_id)  # fmt: skip
    for theme in ("light", "dark"):
        page = open_page(width=360, color_scheme=theme)
        page.goto(path)
        page.locator(".home h3 a").first.click()
        page.evaluate("for (const form of document.forms) form.noValidate = true")
        page.get_by_label("Prix souhaité").fill("beaucoup")
        page.get_by_role("button", name="Enregistrer", exact=True).click()
        expect(page.get_by_label("Prix souhaité")).to_have_attribute("aria-invalid", "true")
        assert violations(page) == ""
        page.goto(f"{path}/preferences?q=bourg")
        page.evaluate("for (const form of document.forms) form.noValidate = true")
        page.get_by_label("Jour du mois").fill("32")
        page.get_by_role("button", name="Enregistrer", exact=True).click()
        expect(page.locator("#fault-send_day")).to_be_visible()
        assert violations(page) == ""
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.goto(f"{path}/homes/{uuid4()}")
        assert violations(page) == ""


def test_cities_are_suggested_while_one_types(open_page: Open, path: str):
    page = open_page(width=360)
    page.goto(f"{path}/preferences")
    page.get_by_label("Ajouter une ville").press_sequentially("henda")
    page.get_by_role("button", name="Ajouter Hendaye").click(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Retirer Hendaye")).to_be_visible(timeout=PATIENCE)


def test_a_page_weighs_little_and_asks_nobody_else(open_page: Open, site: Site, path: str):
    page = open_page(width=1200)
    asked: list[str] = []
    weight: list[int] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfinished", lambda request: weight.append(
        0 if "places.json" in request.url else request.sizes()["responseBodySize"]
    ))  # fmt: skip
    page.goto(path)
    expect(page.locator(".map[data-state=ready]")).to_be_visible(timeout=PATIENCE)

    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    assert sum(weight) < 150_000
