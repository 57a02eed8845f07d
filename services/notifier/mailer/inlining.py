"""Styles written into the tags of our templates, once, when they are loaded.

Mail programs want styles in the tags. Inlined on its own, a template with loops would be destroyed:
the parser moves what a table may not hold. So its statements go through as comments and its values
as plain words, which stay where they are; a table whose rows are all inside a statement spells its
`tbody` out. Written mails then need no parser at all.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import css_inline
from jinja2 import Environment, FileSystemLoader

LAYOUT: Final = "_base/layout.html"

_TAG: Final = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_MARK: Final = re.compile(r"<!--j(\d+)j-->|j(\d+)j")
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)

# At-rules carry the dark mode. Nothing is loaded from anywhere.
_INLINER: Final = css_inline.CSSInliner(
    keep_at_rules=True, minify_css=True, load_remote_stylesheets=False
)


class InliningLoader(FileSystemLoader):
    """Templates from a folder, the pages among them with the layout's styles in their tags."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, filename, uptodate = super().get_source(environment, template)
        if template.endswith(".html"):
            source = inlined(source, template, Path(self.searchpath[0]))
        return source, filename, uptodate


def inlined(source: str, name: str, folder: Path) -> str:
    """A template of a page, or of a part of one, with its styles in its tags."""
    tags: list[str] = []

    def marked(found: re.Match[str]) -> str:
        tags.append(found[0])
        mark = f"j{len(tags) - 1}j"
        return f"<!--{mark}-->" if found[0].startswith("{%") else mark

    page = _TAG.sub(marked, source)
    page = (
        _INLINER.inline(page) if name == LAYOUT else _INLINER.inline_fragment(page, _styles(folder))
    )
    return _MARK.sub(lambda found: tags[int(found[1] or found[2])], page)


@cache
def _styles(folder: Path) -> str:
    """What the layout says of every tag; the rules for screens and dark mode are its own."""
    found = _STYLE.search((folder / LAYOUT).read_text(encoding="utf-8"))
    return found[1] if found else ""
