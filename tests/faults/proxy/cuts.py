"""When exactly a connection is cut: at a pattern, or at the answer to a request of Kafka's."""

import asyncio
from abc import ABC, abstractmethod
from typing import Any, Final, Literal
from weakref import WeakKeyDictionary

import msgspec

Direction = Literal["up", "down"]
"""To the server, or from it."""

LARGEST_FRAME: Final = 256 * 1024 * 1024
_HEADER: Final = {"up": 12, "down": 8}
"""Of a frame of Kafka's: length; key, version (of requests); correlation id."""


class Passing(msgspec.Struct):
    """One stretch of bytes at the proxy, and what shall become of it and of its connection."""

    connection: Any
    direction: Direction
    content: bytes
    frames: list[tuple[int, bytes]] = []
    """Where each frame of Kafka's begins whose header ends here, and that header."""
    reset: bool = False
    """Once the bytes have passed."""


class Cut(ABC):
    """Something that happens to a few connections, then no more; `happened` when it is over."""

    def __init__(self, times: int) -> None:
        self.happened = asyncio.Event()
        self.left = times

    @abstractmethod
    def judge(self, passing: Passing) -> None:
        """Change what is passing, if it is this that was waited for."""

    def _strike(self, passing: Passing, bytes_let_through: int) -> None:
        passing.content = passing.content[:bytes_let_through]
        passing.reset = True
        self.left -= 1
        if self.left <= 0:
            self.happened.set()


class AtPattern(Cut):
    """A reset at the first sight of a pattern, wherever chunks begin and end.

    What goes up with the pattern always arrives. With `drop`, no byte of the server's answer does;
    else the next stretch that comes down is let through.
    """

    def __init__(self, pattern: bytes, direction: Direction, *, times: int, drop: bool) -> None:
        super().__init__(times)
        self._pattern, self._direction, self._drop = pattern, direction, drop
        self._tails = WeakKeyDictionary[Any, bytes]()
        self._sent = WeakKeyDictionary[Any, bool]()

    def judge(self, passing: Passing) -> None:
        if passing.direction == "down" and self._sent.pop(passing.connection, False):
            self._strike(passing, 0 if self._drop else len(passing.content))
        elif passing.direction == self._direction and self._sees(passing):
            self._found(passing)

    def _sees(self, passing: Passing) -> bool:
        text = self._tails.get(passing.connection, b"") + passing.content
        self._tails[passing.connection] = text[len(text) - len(self._pattern) + 1 :]
        return self._pattern in text

    def _found(self, passing: Passing) -> None:
        if self._direction == "down":
            self._strike(passing, 0 if self._drop else len(passing.content))
        elif sum(not connection.is_ending for connection in self._sent) < self.left:
            self._sent[passing.connection] = True


class BeforePattern(AtPattern):
    """A reset that keeps the pattern from arriving."""

    def __init__(self, pattern: bytes, direction: Direction, *, times: int) -> None:
        super().__init__(pattern, direction, times=times, drop=True)

    def _found(self, passing: Passing) -> None:
        self._strike(passing, 0)


class AtAnswer(Cut):
    """A reset in place of the answer to a request of Kafka's."""

    def __init__(self, api_key: int, *, times: int) -> None:
        super().__init__(times)
        self._api_key = api_key.to_bytes(2)
        self._asked = WeakKeyDictionary[Any, set[bytes]]()

    def judge(self, passing: Passing) -> None:
        asked = self._asked.setdefault(passing.connection, set())
        for start, header in passing.frames:
            if passing.direction == "up" and header[4:6] == self._api_key:
                asked.add(header[8:12])
            elif passing.direction == "down" and header[4:8] in asked:
                self._strike(passing, max(start, 0))
                return


class Frames:
    """Follows the frames in one direction of a connection; of other protocols it sees none."""

    def __init__(self, direction: Direction) -> None:
        self._header_bytes = _HEADER[direction]
        self._header, self._skip = b"", 0

    def find(self, chunk: bytes) -> list[tuple[int, bytes]]:
        """Start and header of each frame whose header ends in this chunk."""
        found: list[tuple[int, bytes]] = []
        position = 0
        while position < len(chunk) and self._skip >= 0:
            if self._skip:
                step = min(self._skip, len(chunk) - position)
                position, self._skip = position + step, self._skip - step
                continue
            wanted = self._header_bytes - len(self._header)
            self._header += chunk[position : position + wanted]
            position += wanted
            if len(self._header) == self._header_bytes:
                found.append((position - self._header_bytes, self._header))
                self._skip, self._header = self._rest(self._header), b""
        return found

    def _rest(self, header: bytes) -> int:
        length = int.from_bytes(header[:4])
        rest = length + 4 - self._header_bytes
        return rest if 0 <= rest < LARGEST_FRAME else -1
