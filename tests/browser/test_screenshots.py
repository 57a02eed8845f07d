"""The pictures in docs/screenshots: `make screenshots` makes them, a page without them is noticed."""

import re

import pytest

from tests.browser.pages import PAGES
from tests.browser.screenshots import FOLDER, MANNERS, picture

pytestmark = pytest.mark.browser

LARGEST_BYTES = 5_000_000
README = FOLDER.parents[1] / "README.md"


def test_each_page_has_its_three_pictures_and_no_other_has_any() -> None:
    expected = {picture(route, manner).name for route in PAGES for manner in MANNERS}
    assert {file.name for file in FOLDER.iterdir()} == expected, "run `make screenshots`"


def test_they_do_not_make_the_repository_heavy() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= LARGEST_BYTES


def test_the_readme_shows_two_of_them() -> None:
    shown = re.findall(r"docs/screenshots/([\w.-]+)", README.read_text())
    assert len(set(shown)) == 2
    assert all((FOLDER / name).is_file() for name in shown)
