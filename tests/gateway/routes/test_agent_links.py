"""Pages that links in mails lead to: opened by the link alone, readable by anyone, kept by nobody."""

import re
from uuid import uuid4

import pytest
from prometheus_client import generate_latest

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import Api, Make, deliver
from tests.gateway.routes.linking import page_of, somebody, unsubscribing


@pytest.fixture
async def reader(make_api: Make) -> Api:
    return await somebody(make_api)


@pytest.mark.parametrize("path", ["/u/x", "/c/x", f"/u/{'A' * 48}", f"/c/{'A' * 48}", "/c/é"])
async def test_a_wrong_link_is_told_in_words(reader: Api, admin: Connection, path: str):
    answer = await reader.get(path)

    assert answer.status_code == 404
    assert "Ce lien n’est pas valable" in answer.text
    english = await reader.get(path, headers={"Accept-Language": "en-GB,fr;q=0.5"})
    assert "This link does not work" in english.text


async def test_a_page_shows_what_was_delivered(reader: Api, admin: Connection, client_id: str):
    await deliver(admin, client_id, "a", "b")
    await admin.execute(
        """update assigner.assignment set printed_address = '12 bis rue de la République, 01000 Bourg',
             estimate_eur = 195000, estimate_low_eur = 170000, estimate_high_eur = 220000,
             estimate_basis = 'commune', estimate_comparables = 34 where home_key = 'a'"""
    )
    await admin.execute("insert into assigner.follow_up values ($1, 'a', 'meeting')", client_id)

    answer = await reader.get(page_of(client_id))

    text = answer.text.replace("\u202f", " ").replace("\xa0", " ")
    assert answer.status_code == 200
    for said in (
        "2 adresses",
        "12 bis rue de la République",
        "12 B RUE DE LA REPUBLIQUE",
        "01000 Bourg-en-Bresse",
        "Maison · 96,5 m² · 4 pièces",
        "182 000 €, le 14 juin 2019",
        "1 886 €/m²",
        "195 000 € (de 170 000 € à 220 000 €)",
        "34 ventes comparables dans la commune",
        "Rendez-vous",
        "À contacter",
        "DGFiP",
        "geo-dvf 2024-10",
        "Les droits des habitants",
        "Ne plus recevoir nos messages",
    ):
        assert said in text, said
    assert "properties.csv" in text


async def test_the_page_speaks_the_clients_language(reader: Api, admin: Connection, client_id: str):
    await admin.execute("update gateway.client set locale = 'en'")
    await deliver(admin, client_id, "a")

    page, choice = await reader.get(page_of(client_id)), await reader.get(unsubscribing(client_id))

    assert '<html lang="en">' in page.text
    assert "1 address." in page.text
    assert "€182,000, on 14 June 2019" in page.text
    assert "Stop receiving them" in choice.text


async def test_an_opposed_door_is_not_shown(reader: Api, admin: Connection, client_id: str):
    await deliver(admin, client_id, "a", "b")
    opposition = await admin.fetchval(
        """insert into scraper.opposition (address, insee_code, reason, door_key)
           values ('12 B RUE DE LA REPUBLIQUE', '01053', 'asked', 'x') returning id"""
    )
    await admin.execute("insert into scraper.opposed_door values ('a', $1)", opposition)

    answer = await reader.get(page_of(client_id))

    assert answer.text.count('<li class="home"') == 1
    assert "1 adresse." in answer.text


async def test_the_same_as_a_file(reader: Api, admin: Connection, client_id: str):
    await deliver(admin, client_id, "a", "b")
    path = page_of(client_id)

    answer = await reader.get(f"{path}/properties.csv")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert len(answer.text.splitlines()) == 3
    assert f'href="{path}/properties.csv?month=' in (await reader.get(path)).text


async def test_a_file_is_not_had_by_another_link(reader: Api, admin: Connection, client_id: str):
    for path in (page_of(client_id, days_ago=61), page_of(uuid4()), unsubscribing(client_id)):
        answer = await reader.get(f"{path}/properties.csv")
        assert answer.status_code == 404


async def test_a_page_ends_after_sixty_days(reader: Api, admin: Connection, client_id: str):
    assert (await reader.get(page_of(client_id, days_ago=59.9))).status_code == 200

    answer = await reader.get(page_of(client_id, days_ago=60.1))

    assert answer.status_code == 404
    assert "Chaque lien s’ouvre pendant 60 jours" in answer.text
    assert (await reader.get(unsubscribing(client_id, days_ago=60.1))).status_code == 200


async def test_an_erased_client_has_no_page(api: Api, admin: Connection, client_id: str):
    path = page_of(client_id)
    await api.delete(f"/api/clients/{client_id}")

    answer = await api.get(path)

    assert (answer.status_code, "aucun compte" in answer.text) == (404, True)


async def test_a_name_is_text_whatever_it_holds(api: Api, admin: Connection, client_id: str):
    await deliver(admin, client_id, "a")
    await admin.execute("update assigner.assignment set city_name = '<script>alert(1)</script>'")

    answer = await api.get(page_of(client_id))

    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_pages_are_kept_found_and_framed_by_nobody(
    reader: Api, admin: Connection, client_id: str
):
    for path in (unsubscribing(client_id), page_of(client_id), "/c/x"):
        headers = (await reader.get(path)).headers
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src 'self';" in policy or "script-src" not in policy
        assert "Set-Cookie" not in headers


async def test_a_page_needs_nothing_from_elsewhere(reader: Api, admin: Connection, client_id: str):
    await deliver(admin, client_id, "a")

    text = (await reader.get(page_of(client_id))).text

    assert set(re.findall(r'[a-z]+="[^"]*://[^"/]*', text)) == {
        'href="https://www.openstreetmap.org'
    }
    assert set(re.findall(r'src="(/\w+/)', text)) == {"/assets/"}
    assert "<style" not in text
    assert " style=" not in text


async def test_without_postgresql_a_reader_is_asked_to_come_back(lonely: Api):
    for path in (unsubscribing(uuid4()), page_of(uuid4())):
        answer = await lonely.get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "Réessayez" in answer.text


async def test_another_method_is_no_way_in(reader: Api, admin: Connection, client_id: str):
    answer = await reader.delete(page_of(client_id))

    assert answer.status_code == 405


async def test_no_log_and_no_metric_holds_a_link(
    reader: Api, client_id: str, capfd: pytest.CaptureFixture[str]
):
    page, choice = page_of(client_id), unsubscribing(client_id)
    paths = (page, f"{page}/properties.csv", f"{page}/more", f"{page}?page=0", choice)
    for path in paths:
        for method in ("GET", "POST", "DELETE", "OPTIONS", "HEAD"):
            await reader.request(method, path, headers={"Referer": f"http://gateway{page}"})
    said = "".join(capfd.readouterr()) + generate_latest().decode()

    assert "/c/{token}" in said
    for link in (page, choice):
        assert link.rpartition("/")[2] not in said
