"""A resolver that hangs holds up nobody but those who ask for that name."""

import asyncio
import socket
from threading import Event
from typing import Any

import pytest

from libs.egress.gate import system_resolver


async def test_a_resolver_that_hangs_keeps_no_thread_of_others(monkeypatch: pytest.MonkeyPatch):
    is_over, known = Event(), socket.getaddrinfo

    def hang(host: str, *arguments: Any, **named: Any) -> Any:
        if host == "hangs.example":
            is_over.wait()
        return known("127.0.0.1", *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    asking = [asyncio.create_task(system_resolver("hangs.example")) for _ in range(64)]
    try:
        async with asyncio.timeout(5):
            await asyncio.sleep(0)  # all of them have begun to ask
            assert await asyncio.get_running_loop().getaddrinfo("localhost", 5432)
    finally:
        for task in asking:
            task.cancel()
        is_over.set()
