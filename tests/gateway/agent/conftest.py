"""An agent who has followed the link in a mail, on a real database, and another one."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.common.postgres import Connection
from tests.gateway.routes.conftest import (
    Api,
    admin,
    api,
    client_id,
    deliver,
    lonely,
    lonely_app,
    make_api,
    registration,
)
from tests.gateway.routes.delivered import address
from tests.gateway.routes.linking import page_of, somebody

__all__ = ["admin", "api", "client_id", "lonely", "lonely_app", "make_api"]

HTMX = {"HX-Request": "true"}


class Agent:
    """A phone without scripts: links, forms, no redirect followed unless asked."""

    def __init__(self, http: Api, admin: Connection, client_id: str) -> None:
        self.http, self.admin, self.client_id = http, admin, client_id
        self.path = page_of(client_id)

    async def get(self, below: str = "", **more: Any) -> httpx.Response:
        return await self.http.get(f"{self.path}{below}", **more)

    async def read(self, below: str = "") -> str:
        answer = await self.get(below)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def post(
        self, below: str, form: Mapping[str, Any] | None = None, **more: Any
    ) -> httpx.Response:
        return await self.http.post(f"{self.path}{below}", data=dict(form or {}), **more)

    async def follow(self, answer: httpx.Response) -> str:
        """The page that an action leads back to."""
        assert answer.status_code == 303, answer.text
        return (await self.http.get(answer.headers["location"])).text

    async def deliver(self, *doors: str, on: datetime | None = None, **facts: Any) -> None:
        """Give doors to this client, at a moment and with facts of one's own."""
        await deliver(self.admin, self.client_id, *doors)
        changed = {"assigned_at": on or datetime.now(UTC), **facts}
        sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(changed, 3))
        await self.admin.execute(
            f"update assigner.assignment set {sets} where client_id = $1 and home_key = any($2)",  # noqa: S608 -- our own names
            self.client_id, doors, *changed.values(),
        )  # fmt: skip

    async def followed(self, door: str) -> Any:
        """What the database knows that the agent made of a door."""
        return await self.admin.fetchrow(
            "select * from assigner.follow_up where client_id = $1 and home_key = $2",
            UUID(self.client_id), door,
        )  # fmt: skip

    async def client(self) -> Any:
        return await self.admin.fetchrow(
            "select * from gateway.client where id = $1", self.client_id
        )


def home(door: str) -> str:
    """Below the page."""
    return f"/homes/{address(door)}"


def streets(text: str) -> list[str]:
    """The addresses of a list, in their order."""
    return re.findall(r'<h3><a href="[^"]*">([^<]*)</a>', text)


@pytest.fixture
async def agent(make_api: Any, admin: Connection, client_id: str) -> Agent:
    return Agent(await somebody(make_api), admin, client_id)


@pytest.fixture
async def other(agent: Agent, api: Api) -> Agent:
    """Another client, who has received the door `b`."""
    answer = await api.post("/api/clients", json=registration(email="other@agence.example"))
    stranger = Agent(agent.http, agent.admin, answer.json()["client_id"])
    await stranger.deliver("b")
    return stranger
