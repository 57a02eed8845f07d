"""What pages load: ours and that of others, kept for good, from nowhere else."""

import gzip
import re
from typing import Any

import pytest
from litestar import Litestar

from deploy import vendor
from services.gateway.pages import assets
from services.gateway.pages.rendering import TEMPLATES
from tests.gateway.routes.conftest import Api, speak_to

MARKUP = [
    path for name in ("console", "agent") for path in sorted((TEMPLATES / name).glob("*.html"))
]
EVERY_PAGE = ("app.css", "console.js", "htmx/htmx.min.js", "htmx/hx-sse.min.js")
HEAVIEST = (*EVERY_PAGE, "leaflet/leaflet.js", "leaflet/leaflet.css", "map.js",
            "uplot/uPlot.iife.min.js", "uplot/uPlot.min.css", "plot.js")  # fmt: skip
MOST_BYTES = 150_000
MOST_LINES = 120
EXACT = re.compile(r"\d+\.\d+\.\d+")


@pytest.fixture
def anybody(lonely_app: Litestar) -> Api:
    """A browser that has not signed in, while PostgreSQL is away: the page that says so has a style too."""
    return speak_to(lonely_app)


def test_what_others_wrote_is_what_they_published():
    assert dict(vendor.checksums()) == vendor.written()


def test_every_file_of_others_is_named_and_nothing_else_lies_there():
    named = {ours for files in vendor.FILES.values() for ours in files.values()}

    assert set(vendor.written()) == named
    assert all("LICENSE" in files for files in vendor.FILES.values())


def test_the_lock_has_the_versions_that_are_wanted_their_hashes_and_no_host():
    wanted, locked = vendor.wanted(), vendor.locked()

    assert set(wanted) == set(vendor.FILES)
    assert all(EXACT.fullmatch(version) for version in wanted.values())
    assert {name: said["version"] for name, said in locked.items()} == wanted
    assert all(said["integrity"].startswith("sha512-") for said in locked.values())
    assert "://" not in (vendor.HERE / "package-lock.json").read_text()


@pytest.mark.parametrize("name", sorted(assets.table()))
async def test_an_asset_is_served_as_it_is_and_kept_for_good(anybody: Api, name: str):
    kept = assets.table()[name]

    answer = await anybody.get(assets.url(name), headers={"Accept-Encoding": "gzip"})

    assert answer.status_code == 200
    assert answer.content == kept.content
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Type"].split(";")[0] in KINDS


KINDS = {"text/css", "text/javascript", "image/png", "image/svg+xml"}


async def test_text_is_packed_for_whom_can_unpack_it(anybody: Api):
    path = assets.url("app.css")
    plain = await anybody.get(path, headers={"Accept-Encoding": "identity"})
    packed = await anybody.get(path, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert packed.headers["ETag"] != plain.headers["ETag"]


async def test_without_its_fingerprint_it_is_asked_for_again(anybody: Api):
    for path in ("/assets/app.css", "/assets/app.css?v=0123456789ab"):
        first = await anybody.get(path)
        assert first.headers["Cache-Control"] == "public, no-cache"
        again = await anybody.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name", ["none.js", "../settings.py", "%2e%2e/settings.py", "..%2fsettings.py", "htmx/LICENSE",
             "checksums.txt", "/etc/passwd", "APP.CSS"],
)  # fmt: skip
async def test_nothing_else_is_served(anybody: Api, name: str):
    assert (await anybody.get(f"/assets/{name}")).status_code == 404


def test_the_heaviest_page_is_light():
    sent = [assets.table()[name].gzipped for name in HEAVIEST if name in assets.table()]
    assert len(sent) >= len(EVERY_PAGE)

    assert sum(len(content or b"") for content in sent) < MOST_BYTES
    everywhere = [assets.table()[name].gzipped or b"" for name in EVERY_PAGE]
    assert sum(map(len, everywhere)) < 40_000


def test_packing_is_the_same_on_every_replica():
    kept = assets.table()["app.css"]

    assert kept.gzipped == gzip.compress(kept.content, mtime=0)


def test_the_console_needs_little_script():
    assert len((assets.STATIC / "app" / "console.js").read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", MARKUP, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_template_keeps_to_the_policy(path: Any):
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:", text)
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text)
    assert not re.search(r"""(src|href)=["'](https?:)?//""", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.DOTALL):
        assert "csrf" in form or path.parent.name == "agent", form[:120]


@pytest.mark.parametrize("name", sorted(name for name in assets.table() if "/" not in name))
def test_a_script_of_ours_evaluates_nothing(name: str):
    text = assets.table()[name].content.decode()

    assert not re.search(r"\beval\(|new Function|innerHTML\s*=|document\.write", text)
