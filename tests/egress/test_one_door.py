"""No service opens a connection of its own to the web, and httpx is made in one place."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOOR = ROOT / "libs" / "egress"
OPENERS = {
    "httpcore",
    "http.client",
    "socket",
    "ssl",
    "urllib.request",
    "aiohttp",
    "requests",
    "anyio",
}
CLIENTS = {
    "AsyncClient",
    "AsyncHTTPTransport",
    "Client",
    "HTTPTransport",
    "get",
    "stream",
    "request",
}
OTHER_WAYS = {
    "libs/common/kafka.py": {"ssl"},
    "services/gateway/routes/mail_server.py": {"socket", "ssl"},
}
"""To the broker and the mail server, whose addresses an operator sets."""
MODULES = sorted(
    path
    for folder in ("libs", "services")
    for path in (ROOT / folder).rglob("*.py")
    if not path.is_relative_to(DOOR)
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def opened(tree: ast.AST) -> set[str]:
    """Modules and calls of a source by which it could reach the outside."""
    found = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & OPENERS
        elif isinstance(node, ast.ImportFrom):
            named = {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
            found |= named & OPENERS
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "httpx" and node.func.attr in CLIENTS:
                found.add(f"httpx.{node.func.attr}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_leaves_by_the_one_door(path: Path):
    assert opened(ast.parse(path.read_text())) == OTHER_WAYS.get(named(path), set())


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "from urllib import request",
        "from urllib.request import urlopen",
        "httpx.AsyncClient()",
        "httpx.get('http://pg')",
    ],
)
def test_another_door_is_seen(source: str):
    assert opened(ast.parse(source))
