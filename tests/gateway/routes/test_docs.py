import hashlib
import re
from pathlib import Path

import pytest

from services.gateway.routes.docs import ASSETS, FOLDER
from services.gateway.routes.problems import CATALOGUE
from tests.gateway.routes.conftest import Api

PAGES = ("/docs", "/redoc", "/docs/problems", "/asyncapi")
A_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
OWN_FILES = sorted(FOLDER.glob("*.html")) + [
    FOLDER / name for name in sorted(ASSETS - {"favicon.svg"})
]

LOADING = re.compile(
    r"""(?:src|href)\s*[=:]\s*["'](?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import"""
)
"""What makes a browser fetch; a link or a namespace is only text."""


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_loads_only_what_is_served_here(path: str, lonely: Api):
    lonely.headers.clear()
    page = await lonely.get(path, headers=A_BROWSER)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    wanted = re.findall(r'(?:src|href|spec-url)="([^"]+)"', page.text)
    assert wanted
    for address in wanted:
        assert address.startswith("/")
        assert (await lonely.get(address)).status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_may_load_nothing_else(path: str, lonely: Api):
    page = await lonely.get(path, headers=A_BROWSER)
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; connect-src 'self'")
    assert "http" not in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'unsafe-inline'" not in policy
    assert "<script>" not in page.text


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.name)
def test_no_asset_loads_from_another_host(path: Path):
    foreign = [match[0] for match in LOADING.finditer(path.read_text())]
    # Links that a reader may click, in the footer and in the side menu of Redoc, load nothing.
    assert [found for found in foreign if not found.startswith("href")] == []


def test_the_validator_and_the_logo_of_others_are_off():
    assert "validatorUrl: null" in (FOLDER / "swagger-start.js").read_text()
    assert "cdn.redoc.ly" not in (FOLDER / "redoc.standalone.js").read_text()


def test_vendored_files_are_what_their_sums_say():
    sums = dict(line.split()[::-1] for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
    assert sums.keys() == {"redoc.standalone.js", "swagger-ui-bundle.js", "swagger-ui.css"}
    for name, expected in sums.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == expected


@pytest.mark.parametrize(
    "name, media_type",
    [
        ("swagger-ui.css", "text/css"),
        ("swagger-start.js", "javascript"),
        ("favicon.svg", "image/svg+xml"),
    ],
)
async def test_an_asset_is_sent_once(name: str, media_type: str, lonely: Api):
    first = await lonely.get(f"/docs/assets/{name}")
    assert media_type in first.headers["Content-Type"]
    again = await lonely.get(
        f"/docs/assets/{name}", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["README.md", "..%2Fdocs.py", "%2e%2e", "nothing.js", "SHA256SUMS"]
)
async def test_nothing_else_is_served(name: str, lonely: Api):
    assert (await lonely.get(f"/docs/assets/{name}")).status_code == 404


async def test_every_kind_of_problem_is_explained(lonely: Api):
    page = (await lonely.get("/docs/problems")).text
    for _, kind in CATALOGUE:
        assert f'id="{kind.slug}"' in page
