"""The words of the pages: in both languages, none missing, none too many."""

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from jinja2 import nodes

from services.gateway.pages.rendering import TEMPLATES, environment
from services.gateway.pages.wording import LANGUAGES, Locale, subjects

GATEWAY = TEMPLATES.parents[1]
SUBJECTS = sorted(path.stem for path in subjects.FOLDER.glob("*.toml"))
WORDS = [(subject, word) for subject in SUBJECTS for word in subjects.read(subject)]
PAGES = sorted(
    path.relative_to(TEMPLATES).as_posix()
    for folder in ("console", "agent")
    for path in (TEMPLATES / folder).glob("*.html")
)
SHOWING = {"shown", "written"}
TELLING = {"told", "many"}
COMPOSED = {
    "common": re.compile(r"(ago|in)_\w+"),
    "overview": re.compile(r"(lag|outbox|errors|mails|send_day|pre_notification)_\w+"),
}
"""Words that are put together from two that the code names."""
STATUS = re.compile(r"_\d{3}$")


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_word_says_the_same_in_both_languages(subject: str):
    for word, meaning in subjects.read(subject).items():
        assert set(meaning) == set(LANGUAGES), word
        assert all(text.strip() for text in meaning.values()), word
        assert blanks(meaning["fr"]) == blanks(meaning["en"]), word


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("locale", ["fr", "en"])
def test_a_subject_can_be_spoken(subject: str, locale: str):
    assert subjects.spoken(locale, subject).words  # type: ignore[arg-type]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_french_is_spelled_as_it_is_printed(subject: str):
    for word, meaning in subjects.read(subject).items():
        assert "'" not in meaning["fr"], (word, "the apostrophe is ’")
        assert not re.search(r"\w[;!?](?: |$)", meaning["fr"]), (word, "a space stands before it")


@pytest.mark.parametrize("template", PAGES)
def test_every_word_of_a_template_is_there(template: str):
    for subject in {spoken for page, spoken in rendered() if template in parts(page)}:
        known = subjects.spoken("fr", subject).words
        assert [word for word in said(template) if word not in known] == [], subject


def test_every_template_is_shown():
    reached = {part for page, _ in rendered() for part in parts(page)}

    assert [page for page in PAGES if page not in reached] == []


def test_every_word_is_said():
    text = everything()
    tokens = set(re.findall(r"\w+", text))
    begun = set(re.findall(r'["\'](\w+_)["\'] ~|["\'](\w+_)\{', text))
    prefixes = tuple(part for pair in begun for part in pair if part)
    endings = tuple(re.findall(r'~ ["\'](_\w+)["\']|\}(_\w+)["\']', text))
    suffixes = tuple(part for pair in endings for part in pair if part)

    def is_said(subject: str, word: str) -> bool:
        if subject in COMPOSED and COMPOSED[subject].fullmatch(word):
            return True
        plain = STATUS.sub("", word.removesuffix("_many"))
        return plain in tokens or plain.startswith(prefixes) or plain.endswith(suffixes)

    assert [one for one in WORDS if not is_said(*one)] == []


def test_a_word_may_not_hide_behind_a_method():
    with pytest.raises(subjects.WordingError):
        subjects.checked("trial", {"keys": {"fr": "Clés", "en": "Keys"}})
    with pytest.raises(subjects.WordingError):
        subjects.checked("trial", {"title": {"fr": "Titre"}})


@cache
def everything() -> str:
    """All that may say a word: templates, and the code that renders them."""
    folders = [(TEMPLATES, "*.html"), (GATEWAY / "routes", "*.py"), (GATEWAY / "pages", "*.py")]
    files = [path for folder, kind in folders for path in sorted(folder.rglob(kind))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@cache
def rendered() -> list[tuple[str, str]]:
    """Which page is shown in the words of which subject, as the code that shows it says."""
    found: list[tuple[str, str]] = []
    for path in sorted((GATEWAY / "routes" / "console").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        own = {page for page in PAGES if page.startswith(f"console/{path.stem}")}
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and len(call.args) >= 3 and named(call.func) in SHOWING:
                pages = told(call.args[1], tree) or own
                (subject,) = told(call.args[2], tree) or {""}
                found += [(page, subject) for page in pages if page in PAGES]
    return found + [(page, "agent") for page in PAGES if page.startswith("agent/")]


def named(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


def told(value: ast.expr, tree: ast.Module) -> set[str]:
    """The text of an argument: written there, or as a constant of the module."""
    if isinstance(value, ast.Name):
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and named(node.target) == value.id and node.value:
                return told(node.value, tree)
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return {value.value} if is_text else set()  # type: ignore[union-attr]


@cache
def parts(page: str) -> frozenset[str]:
    """A page, and all that it extends, includes and imports."""
    tree = environment().parse((TEMPLATES / page).read_text(encoding="utf-8"))
    kinds = (nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)
    named = [
        node.template.value
        for node in tree.find_all(kinds)
        if isinstance(node.template, nodes.Const)
    ]
    return frozenset({page}.union(*(parts(name) for name in named)))


def said(template: str) -> Iterator[str]:
    """The words that a template names outright."""
    tree = environment().parse(Path(TEMPLATES / template).read_text(encoding="utf-8"))
    for got in tree.find_all(nodes.Getattr):
        is_words = isinstance(got.node, nodes.Name) and got.node.name == "words"
        if is_words and got.attr not in subjects.NOT_WORDS:
            yield got.attr
    for got in tree.find_all(nodes.Getitem):
        is_words = isinstance(got.node, nodes.Name) and got.node.name == "words"
        if is_words and isinstance(got.arg, nodes.Const):
            yield got.arg.value
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Getattr) and call.node.attr in TELLING:
            word = call.args[1 if call.node.attr == "many" else 0]
            if isinstance(word, nodes.Const):
                yield word.value
                if call.node.attr == "many":
                    yield f"{word.value}_many"


@pytest.mark.parametrize(
    "locale, count, said",
    [
        ("fr", 0, "0 groupe"), ("fr", 1, "1 groupe"), ("fr", 2, "2 groupes"),
        ("en", 0, "0 groups"), ("en", 1, "1 group"), ("en", 2, "2 groups"),
    ],
)  # fmt: skip
def test_a_number_has_the_word_that_it_asks_for(locale: Locale, count: int, said: str):
    assert subjects.spoken(locale, "dead_letters").many(count, "group") == said
