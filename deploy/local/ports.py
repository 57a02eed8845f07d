"""Ports for servers that must find the same port free again after a restart."""

import random
import socket
from typing import Final

# Below the range from which the system serves outgoing connections (32768 and up), so that
# nobody's connection sits on a server's port while that server restarts.
RANGE: Final = range(20_000, 32_000)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    for port in random.SystemRandom().sample(RANGE, 200):
        if is_free(port):
            return port
    raise OSError("No free port between 20000 and 31999 on 127.0.0.1")


def answers(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
