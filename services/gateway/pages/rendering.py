"""Pages from their templates: escaped, and complete or not at all."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.gateway.pages import assets, marks, moments
from services.gateway.pages.wording import Locale, spoken

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
STYLE: Final = (TEMPLATES / "style.css").read_text(encoding="utf-8")
_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Our one style, our icon, our own forms."""

HEADERS: Final = {
    "Content-Security-Policy": SECURITY_POLICY,
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


LINKS: Final = "links"
"""The subject of the pages that links in mails lead to."""


def page(name: str, locale: Locale, **names: Any) -> bytes:
    """A page in one language; a name that it lacks is an error."""
    template = environment().get_template(f"{name}.html")
    say = spoken(locale, LINKS)
    return template.render(say=say, words=say.words, style=Markup(STYLE), **names).encode()  # noqa: S704 - our own file


def guards(tiles: str = "") -> dict[str, str]:
    """The headers of a page with our scripts and styles; `tiles` is where a map's pictures come from."""
    pictures = f"'self' data: {tiles}".strip()
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src {pictures}; connect-src 'self'; font-src 'self'; frame-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    # A form that goes to no-referrer's page would say `Origin: null`, as one from elsewhere does.
    return {**HEADERS, "Content-Security-Policy": policy, "Referrer-Policy": "same-origin"}


def render(template: str, locale: Locale, subject: str, /, **names: Any) -> bytes:
    """A page of the console or of an agent, in one language, with the words of its subject."""
    say = spoken(locale, subject)
    return environment().get_template(template).render(say=say, words=say.words, **names).encode()


@cache
def environment() -> Environment:
    """What reads the templates."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    globals_: dict[str, Any] = found.globals
    globals_["asset"] = assets.url
    found.filters.update(moments.FILTERS | marks.FILTERS)
    return found
