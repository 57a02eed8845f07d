"""Words of a mail from its templates: `templates/KIND/LOCALE/{subject.txt,body.txt,body.html}`."""

from collections.abc import Hashable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from jinja2 import Environment, StrictUndefined, Template

from services.notifier.domain.wording import filters
from services.notifier.mailer.inlining import InliningLoader

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "templates"
FRAGMENTS_KEPT: Final = 256


class Words(NamedTuple):
    """A mail as text."""

    subject: str
    text_body: str
    html_body: str


class _Templates(NamedTuple):
    subject: Template
    text_body: Template
    html_body: Template


def render(kind: str, locale: str, context: Mapping[str, Any]) -> Words:
    """The words of one mail; a name that the context lacks is an error."""
    templates = _templates(kind, locale)
    subject = templates.subject.render(context).strip()
    text = templates.text_body.render(context).strip() + "\n"
    page = templates.html_body.render(context, subject=subject, locale=locale)
    return Words(subject, text, page)


@lru_cache(FRAGMENTS_KEPT)
def fragment(name: str, locale: str, **names: Hashable) -> str:
    """Words that many mails share (`templates/_base/LOCALE/NAME.txt`), not yet escaped."""
    template = _environment(locale, escape=False).get_template(f"_base/{locale}/{name}.txt")
    return template.render(names).strip()


@cache
def _templates(kind: str, locale: str) -> _Templates:
    folder = f"{kind}/{locale}"
    plain, html = _environment(locale, escape=False), _environment(locale, escape=True)
    return _Templates(
        subject=plain.get_template(f"{folder}/subject.txt"),
        text_body=plain.get_template(f"{folder}/body.txt"),
        html_body=html.get_template(f"{folder}/body.html"),
    )


@cache
def _environment(locale: str, *, escape: bool) -> Environment:
    environment = Environment(
        loader=InliningLoader(TEMPLATES),
        autoescape=escape,  # noqa: S701 - off for the plain text parts alone
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(filters(locale))
    return environment
