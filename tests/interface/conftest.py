"""The description of the interface, drawn from an application that reaches nothing."""

from typing import Any

import pytest

from tests.gateway.routes.conftest import application, away, speak_to


@pytest.fixture
async def document() -> dict[str, Any]:
    app = application(reading=away, writing=away, count=away)
    return (await speak_to(app).get("/openapi.json")).json()
