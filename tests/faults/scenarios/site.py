"""F35: a sales site in trouble: each fault is told by its name, and no mail goes out empty."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Final

from tests.faults.limits import Limits
from tests.faults.load import TOWNS
from tests.faults.results import Violated
from tests.faults.rig import Rig
from tests.faults.run import quiet
from tests.faults.scenario import Scenario, register

QUIET_SECONDS: Final = 200
FAILED_SECONDS: Final = 120
LATER: Final = timedelta(hours=1, minutes=1)
LIMITS: Final = Limits(
    site={
        "seconds": 2,
        "least_bytes": 1024,
        "file_bytes": 4_000_000,
        "text_bytes": 8_000_000,
    }
)
"""The largest file of the site has 220 kB."""

NAMED: Final[Mapping[str, str]] = {
    "429": "answers 429",
    "500": "answers 500",
    "502": "answers 502",
    "503": "answers 503",
    "captcha": "html",
    "html": "html",
    "columns": "columns",
    "truncated": "truncated",
    "endless": "too_large",
    "bomb": "too_large",
    "redirect": "169.254.169.254",
    "trickle": "does not answer",
    "hang": "does not answer",
    "silent": "does not answer",
}
"""Each fault, and what an operator reads of it."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "F35-status": ("429", "500", "502", "503"),
    "F35-pages": ("captcha", "html", "columns", "truncated"),
    "F35-size": ("endless", "bomb", "redirect"),
    "F35-silence": ("trickle", "hang", "silent"),
}
SAYS: Final[Mapping[str, str]] = {
    "F35-status": "The site refuses: too many, or something is wrong there",
    "F35-pages": "The site answers with pages instead of files, or with half of one",
    "F35-size": "The site sends without end, a bomb, and to where it must not",
    "F35-silence": "The site trickles, hangs, says nothing",
}

FAILED: Final = """
    select count(distinct insee_code) = $1 from scraper.refresh_overview where state = 'failed'
"""
ERRORS: Final = """
    select distinct on (insee_code) insee_code, error from scraper.refresh_overview
    where state = 'failed' order by insee_code, created_at
"""
WAITING: Final = """
    select bool_and(status = 'pending') from gateway.job where cities && $1::text[]
"""
MAILS: Final = """
    select count(*) from notifier.mail
    where kind = 'notification' and client_id in (
      select id from gateway.client where chosen_cities && $1::text[])
"""


async def _in_trouble(rig: Rig, *, names: tuple[str, ...]) -> None:
    troubled = dict(zip(TOWNS, names, strict=False))
    for town, name in troubled.items():
        rig.site.fault(name, of=f"/{town}.csv")
    await rig.loaded.wait()
    await rig.until_row(FAILED, len(troubled), seconds=FAILED_SECONDS)
    errors = {row["insee_code"]: row["error"] for row in await rig.query(ERRORS)}
    for town, name in troubled.items():
        if NAMED[name] not in (errors.get(town) or ""):
            raise Violated(f"of {name} one reads: {errors.get(town)}")
    await rig.until_row(WAITING, list(troubled))
    [row] = await rig.query(MAILS, list(troubled))
    if row[0]:
        raise Violated(f"{row[0]} notifications of towns without data")
    rig.site.heal()
    await rig.advance(LATER)
    await quiet(rig, QUIET_SECONDS)


for group, faults in GROUPS.items():
    act = partial(_in_trouble, names=faults)
    told = {"LIMITS": LIMITS.text}
    register(Scenario(name=group, says=SAYS[group], act=act, environ=told))
