"""Nothing of the scraper opens a connection of its own to the outside."""

import ast
from pathlib import Path

import pytest

SCRAPER = Path(__file__).parents[3] / "services" / "scraper"
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
MODULES = sorted(
    path for path in SCRAPER.rglob("*.py") if not path.is_relative_to(SCRAPER / "egress")
)


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


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SCRAPER)))
def test_a_module_leaves_by_the_one_door(path: Path):
    assert opened(ast.parse(path.read_text())) == set()


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
