"""The wording of each mail, kept beside the tests so that whoever reviews a change reads it.

After a change that is meant: `SNAPSHOTS=write .venv/bin/pytest tests/notifier/test_snapshots.py`,
then read the difference before you commit it.
"""

import os
import re
from pathlib import Path

import pytest

from tests.notifier.drafts import home
from tests.notifier.letters import MAILS, Page, letter

SNAPSHOTS = Path(__file__).parent / "snapshots"
WRITE = os.environ.get("SNAPSHOTS") == "write"


def as_read(kind: str, locale: str) -> str:
    """Subject, preheader and text as people read them, blanks that do not break included."""
    homes = [
        home(
            1,
            printed_address="12 bis rue de la République, 01000 Bourg-en-Bresse",
            land_m2=430.0,
            estimate_eur=275_000,
            estimate_low_eur=250_000,
            estimate_high_eur=300_000,
            estimate_basis="commune",
            estimate_comparables=42,
        ),
        *(home(n) for n in range(2, 53)),
    ]
    made = letter(kind, locale, homes=homes)
    shown = [made.subject, f"({Page(made.html_body).preheader})", made.text_body]
    # What every home says, the first two say.
    return re.sub(r"\n3\. .*\n50\. ", "\n…\n\n50. ", "\n\n".join(shown), flags=re.DOTALL)


@pytest.mark.parametrize("kind, locale", MAILS)
def test_the_wording_is_the_one_that_was_agreed(kind: str, locale: str):
    file = SNAPSHOTS / f"{kind}-{locale}.txt"
    text = as_read(kind, locale)
    if WRITE:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")

    assert text == file.read_text(encoding="utf-8"), "meant? then SNAPSHOTS=write, see above"


def test_no_wording_is_kept_of_a_mail_that_is_gone():
    assert {file.stem for file in SNAPSHOTS.iterdir()} == {"-".join(mail) for mail in MAILS}
