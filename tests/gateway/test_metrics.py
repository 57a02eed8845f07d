"""What the gateway's /metrics page says of jobs and requests."""

from services.gateway.metrics import GAUGES
from tests.gateway.conftest import Deliver, NewJob
from tests.gateway.happened import assigned, mail, ready
from tests.gateway.routes.conftest import Api, lonely, lonely_app
from tests.support.database import Database
from tests.support.scrape import scraped

__all__ = ["lonely", "lonely_app"]


async def test_jobs_are_counted_by_status(
    database: Database, new_job: NewJob, deliver: Deliver
) -> None:
    job_id = await new_job()
    await new_job()
    await deliver(ready(job_id), assigned(job_id), mail(job_id, "sent"))

    shown = await scraped(database, "gateway", GAUGES)

    counts = {labels[1]: value for labels, value in shown.items() if labels[0] == "jobs"}
    assert counts == {"processing": 1, "pending": 0, "completed": 1, "failed": 0}


async def test_a_step_is_timed_when_it_ends(
    database: Database, new_job: NewJob, deliver: Deliver
) -> None:
    before = await scraped(database, "gateway")
    job_id = await new_job()

    for event in (ready(job_id), ready(job_id), assigned(job_id), mail(job_id, "sent")):
        await deliver(event)
    after = await scraped(database, "gateway")

    for step in ("scrape", "assign", "mail"):
        key = ("job_step_seconds_count", step)
        assert after[key] - before.get(key, 0) == 1, step
        spent = after["job_step_seconds_sum", step] - before.get(("job_step_seconds_sum", step), 0)
        assert 0 <= spent < 30


async def test_requests_are_counted_by_the_pattern_of_their_path(
    database: Database, lonely: Api
) -> None:
    before = await scraped(database, "gateway")

    await lonely.get("/api/clients/camille@agence.example")
    await lonely.get("/wp-login.php")
    await lonely.request("BREW", "/health")

    after = await scraped(database, "gateway")
    expected = [
        ("GET", "/api/clients/{client_id}", "422"),
        ("GET", "unmatched", "404"),
        ("other", "unmatched", "405"),
    ]
    for labels in expected:
        key = ("http_requests_total", *labels)
        assert after[key] - before.get(key, 0) == 1, labels
    assert after["http_request_seconds_count", "/api/clients/{client_id}"] >= 1
    assert "camille" not in str(after)
