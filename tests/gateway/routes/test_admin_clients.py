from uuid import uuid4

from libs.common.postgres import Connection
from services.gateway.routes.registration import city_id
from tests.gateway.routes.conftest import Api, deliver, registration


async def test_clients_are_listed_the_first_registered_first(api: Api, admin: Connection):
    for number in range(5):
        status = "pending" if number % 2 else "active"
        body = registration(email=f"a{number}@agence.example", status=status)
        await api.post("/api/clients", json=body)

    everybody = (await api.get("/admin/clients")).json()
    waiting = (await api.get("/admin/clients?status=pending")).json()
    page = await api.get("/admin/clients?status=active&limit=2")
    rest = await api.get(page.links["next"]["url"])

    assert [client["email"][:2] for client in everybody] == ["a0", "a1", "a2", "a3", "a4"]
    assert [client["email"][:2] for client in waiting] == ["a1", "a3"]
    assert [client["email"][:2] for client in page.json() + rest.json()] == ["a0", "a2", "a4"]
    assert "Link" not in rest.headers
    assert everybody[0]["chosen_cities"] == [str(city_id("01053"))]
    assert list(everybody[0]) == [
        "client_id",
        "first_name",
        "last_name",
        "email",
        "status",
        "subscription_type",
        "chosen_cities",
        "property_type_preferences",
        "addresses_per_report",
        "send_day",
        "created_at",
    ]
    assert (await api.get("/admin/clients?status=erased")).status_code == 422


async def test_a_client_is_shown_with_cities_jobs_and_homes(
    api: Api, admin: Connection, client_id: str
):
    cities = ["69123", "01053", "2A004"]
    await api.patch(f"/api/clients/{client_id}", json={"chosen_cities": cities})
    await deliver(admin, client_id, "a", "b", "c")
    for _ in range(7):
        await api.post("/api/add-addresses", json={"client_id": client_id})

    answer = await api.get(f"/admin/client/{client_id}")

    page = answer.json()
    assert page["client"] == (await api.get(f"/api/clients/{client_id}")).json()
    assert page["assigned_properties_count"] == 3
    assert [city["insee_code"] for city in page["cities"]] == cities
    assert page["cities"][2] == {
        "city_id": str(city_id("2A004")),
        "name": "Ajaccio",
        "postal_code": "20000",
        "insee_code": "2A004",
    }
    jobs = (await api.get(f"/admin/jobs?client_id={client_id}&limit=5")).json()
    assert (len(jobs), page["recent_jobs"]) == (5, jobs)
    again = {"If-None-Match": answer.headers["ETag"]}
    assert (await api.get(f"/admin/client/{client_id}", headers=again)).status_code == 304
    await api.post("/api/add-addresses", json={"client_id": client_id})
    assert (await api.get(f"/admin/client/{client_id}", headers=again)).status_code == 200


async def test_an_unknown_client_is_not_shown(api: Api):
    assert (await api.get(f"/admin/client/{uuid4()}")).status_code == 404
    assert (await api.get("/admin/client/x")).status_code == 422


async def test_the_numbers_are_those_of_the_rows(api: Api, admin: Connection, client_id: str):
    await api.post("/api/clients", json=registration(email="b@agence.example", status="pending"))
    await deliver(admin, client_id, "a", "b")
    await api.post("/api/process-client", json={"client_id": client_id})
    await admin.execute(
        """insert into notifier.mail (id, kind, subject_id, message_id, client_id, state, version,
                                      give_up_at)
           values (gen_random_uuid(), 'welcome', gen_random_uuid(), 'm', $1, 'sent', 1,
                   public.clock())""",
        client_id,
    )
    await admin.execute(
        """insert into scraper.held_message (consumer, topic, partition, "offset", headers,
                                             raw_sha256, reason, error, state)
           values ('scraper', 't', 0, 1, '[]', '', 'r', 'e', 'dead')"""
    )

    stats = (await api.get("/admin/stats")).json()

    mails = stats.pop("mails")
    assert stats == {
        "total_clients": 2,
        "active_clients": 1,
        "total_properties": 0,
        "total_assignments": 2,
        "jobs_pending": 0,
        "jobs_processing": 1,
        "jobs_completed": 0,
        "jobs_failed": 0,
        "dead_letters": 1,
        "outbox_unpublished": 2,
    }
    assert (mails["sent"], mails["unknown"], len(mails), sum(mails.values())) == (1, 0, 7, 1)
