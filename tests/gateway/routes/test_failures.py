"""What becomes of an exception that nobody meant."""

from typing import Any

import asyncpg

from tests.gateway.routes.conftest import application, speak_to


async def test_a_deadlock_is_503_and_may_be_tried_again():
    def deadlock(*_: Any) -> Any:
        raise asyncpg.DeadlockDetectedError("deadlock detected")

    api = speak_to(application(reading=deadlock, writing=deadlock, count=deadlock))
    answer = await api.post(
        "/api/process-client", json={"client_id": "0199c0de-0000-7000-8000-00000000dead"}
    )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "nothing was done" in answer.json()["detail"]
