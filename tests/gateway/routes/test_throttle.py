"""Who sends too many wrong keys is told to wait; who sends the right one is not."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.gateway.routes import throttle
from services.gateway.routes.keys import Principal
from services.gateway.routes.problems import Refusal
from services.gateway.routes.throttle import MOST, WINDOW, Throttle, address
from tests.gateway.routes.conftest import Api, Make, speak_to

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
RIGHT = Principal(b"hash", "env:api", frozenset({"client"}))


class Gate:
    """A door whose clock and keys a test holds."""

    def __init__(self) -> None:
        self.now = START
        self.throttle = Throttle(lambda: self.now)
        self.admit = self.throttle.around(self._admit)

    async def _admit(self, scope: Any) -> Principal:
        await asyncio.sleep(0)
        if scope["key"] == "right":
            return RIGHT
        raise Refusal(503 if scope["key"] == "away" else 401, "no")

    async def knock(self, host: str = "203.0.113.7", key: str = "wrong") -> int:
        try:
            await self.admit({"type": "http", "client": (host, 1), "key": key})  # pyright: ignore[reportArgumentType]
        except Refusal as refusal:
            return refusal.status_code
        return 200

    async def exhaust(self, host: str = "203.0.113.7") -> None:
        assert {await self.knock(host) for _ in range(MOST)} == {401}


async def test_one_wrong_key_too_many_waits_for_the_windows_end():
    gate = Gate()
    await gate.exhaust()
    gate.now += timedelta(seconds=20)
    assert await gate.knock() == 429
    gate.now = START + WINDOW
    assert await gate.knock() == 401


async def test_the_right_key_is_let_in_all_the_same():
    gate = Gate()
    await gate.exhaust()
    assert await gate.knock(key="right") == 200
    assert await gate.knock() == 429


async def test_addresses_have_nothing_in_common():
    gate = Gate()
    await gate.exhaust()
    assert await gate.knock("203.0.113.8") == 401


async def test_only_wrong_keys_count():
    gate = Gate()
    for _ in range(MOST + 1):
        assert await gate.knock(key="away") == 503
        assert await gate.knock(key="right") == 200
    assert await gate.knock() == 401


async def test_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttle, "ADDRESSES", 3)
    gate = Gate()
    await gate.exhaust("203.0.113.0")
    for last in (1, 2):
        await gate.knock(f"203.0.113.{last}")
    assert await gate.knock("203.0.113.0") == 429
    for last in (3, 4, 5):
        await gate.knock(f"203.0.113.{last}")
    assert len(gate.throttle._seen) == 3
    assert await gate.knock("203.0.113.0") == 401


@pytest.mark.parametrize(
    "host, expected",
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
    ],
)
def test_a_network_is_one_sender(host: str, expected: str):
    assert address({"client": (host, 1)}) == expected  # pyright: ignore[reportArgumentType]


async def test_an_address_that_is_not_told_is_one_too():
    assert address({"client": None}) == ""  # pyright: ignore[reportArgumentType]


async def test_the_refusal_says_when_to_come_back(make_api: Make):
    api = await make_api(rate_limit_enabled=True)
    for _ in range(MOST // 2):
        for path in ("/api/cities", "/admin/health"):
            answer = await api.get(path, headers={"X-API-Key": "wrong", "X-Admin-Key": "wrong"})
            assert answer.status_code == 401
    for path in ("/api/cities", "/admin/health"):
        answer = await api.get(path, headers={"X-API-Key": "wrong", "X-Admin-Key": ""})
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert answer.json()["type"] == "/docs/problems#too-many-wrong-keys"
        assert answer.headers["X-Request-ID"]
        assert answer.headers["traceparent"]
    assert (await api.get("/api/cities")).headers["RateLimit-Remaining"] == "99"


async def test_a_claimed_address_is_not_believed(lonely: Api, lonely_app: Any):
    stranger = speak_to(lonely_app, "198.51.100.9")
    stranger.headers["X-API-Key"] = "wrong"
    for number in range(MOST):
        claimed = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        assert (await stranger.get("/api/cities", headers=claimed)).status_code == 401
    assert (await stranger.get("/api/cities")).status_code == 429
