"""A mail's page as another reader sees it: light or dark, whatever the operator's own theme."""

import re
from typing import Final, Literal, get_args

Look = Literal["light", "dark", "phone"]
LOOKS: Final[tuple[Look, ...]] = get_args(Look)

SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox"
)
"""A mail carries its own styles and nothing else: it runs nothing and loads nothing, framed or not."""

ALWAYS: Final = "(min-width: 0)"
NEVER: Final = "(max-width: 0)"
ASKED: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
DECLARED: Final = re.compile(r"(?<![\w-])(color-scheme\s*:)[^;}\"'<]*", re.IGNORECASE)
SAID: Final = re.compile(
    r"""(<meta\b[^>]*\bname\s*=\s*["']?(?:supported-)?color-schemes?["']?[^>]*\bcontent\s*=\s*)(["'])[^"'>]*\2""",
    re.IGNORECASE,
)


def seen(html: str, look: Look) -> str:
    """The page as it is seen in this look: what it asks of the reader's theme is answered by us.

    A query within a condition is replaced, not the condition, so that `screen and (…)` stays what
    it is. A phone is light; it is the frame that is narrow.
    """
    scheme = "dark" if look == "dark" else "light"
    answered = ASKED.sub(lambda asked: ALWAYS if asked[1].lower() == scheme else NEVER, html)
    declared = DECLARED.sub(rf"\1 {scheme}", answered)
    return SAID.sub(rf"\1\2{scheme}\2", declared)
