"""What was said over HTTP, by operation."""

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import httpx

from tests.interface.page import Operation
from tests.interface.shapes import answered


class Recorder:
    """Remembers of every exchange its status and the paths of both bodies."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._known = [(_pattern(each.path), each) for each in operations]
        self.sent: dict[str, set[str]] = defaultdict(set)
        self.asked: dict[str, set[str]] = defaultdict(set)
        self.came: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.strangers: list[str] = []

    async def hear(self, answer: httpx.Response) -> None:
        """Remember an exchange; a hook of the client."""
        request = answer.request
        name = self._name(request)
        if name is None:
            self.strangers.append(f"{request.method} {request.url.path}")
            return
        self.asked[name].update(request.url.params.keys())
        if answer.status_code < 300:
            self.sent[name].update(answered(_json(request.content)))
        self.came[name, answer.status_code].update(answered(await _body(answer)))

    def _name(self, request: httpx.Request) -> str | None:
        path = request.url.path
        return next(
            (
                each.name
                for pattern, each in self._known
                if each.method == request.method and pattern.fullmatch(path)
            ),
            None,
        )


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", r"[^/]+", re.escape(path)))


async def _body(answer: httpx.Response) -> Any:
    """Its JSON; a stream is left to whoever listens."""
    is_json = "json" in answer.headers.get("content-type", "")
    return _json(await answer.aread()) if is_json else None


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
