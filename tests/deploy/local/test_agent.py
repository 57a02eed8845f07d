from pathlib import Path

import httpx
import pytest

from deploy.local.agent import Agent, StoryError
from deploy.local.settings import resolve


def _api(*codes: str) -> httpx.AsyncClient:
    def search(request: httpx.Request) -> httpx.Response:
        query = request.url.params["q"]
        return httpx.Response(200, json=[{"insee_code": code} for code in codes if query in code])

    return httpx.AsyncClient(base_url="http://api", transport=httpx.MockTransport(search))


def _agent(folder: Path, *cities: str) -> Agent:
    return Agent(resolve({"DATA_DIR": str(folder)}), cities, seconds=5, deaths={})


async def test_cities_are_waited_for_until_their_list_is_loaded(tmp_path: Path) -> None:
    agent = _agent(tmp_path, "01053", "64260")
    assert not await agent._cities_known(_api())
    assert await agent._cities_known(_api("01053", "64260"))


async def test_a_city_that_a_loaded_list_has_not_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(StoryError, match="no city has the INSEE code 99999"):
        await _agent(tmp_path, "01053", "99999")._cities_known(_api("01053"))
