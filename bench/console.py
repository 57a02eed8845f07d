"""The console and an agent's page over many months of work: the first byte, and what a page weighs."""

import gzip
import re
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Final

import httpx

from bench import gateway, months
from bench.cluster import Database
from bench.context import Context
from bench.errors import BenchError
from bench.measure import Measure, percentile
from libs import links

REQUESTS: Final = 40
WARM: Final = 3
LEAST_MS: Final = 200
LEAST_KB: Final = 150
ASSET: Final = re.compile(r'(?:href|src)="(/(?:assets|docs/assets)/[^"]+)"')
BROWSER: Final = {"Sec-Fetch-Site": "same-origin", "Accept-Encoding": "gzip"}

PATHS: Final = """
    select '/console/jobs/' || (select id from gateway.job order by id desc limit 1) as job,
           '/console/clients/' || (select id from gateway.client order by id limit 1) as client,
           '/console/mails/' || (select id from notifier.mail order by id desc limit 1) as mail,
           (select id from gateway.client order by id limit 1) as client_id
"""
PAGES: Final = (
    "/console",
    "/console/jobs",
    "/console/jobs?status=failed",
    "/console/clients",
    "/console/clients?q=martin+99",
    "/console/mails",
    "/console/mails?state=unknown",
    "/console/dead-letters",
    "/console/topics",
    "/console/schedule",
    "/console/cities",
    "/console/cities?q=commune+1",
    "/console/cities/01001",
    "/console/imports",
    "/console/settings",
    "/console/keys",
    "/console/audit",
)


async def measure(context: Context) -> list[Measure]:
    """Each page: p95 of the first byte, and its weight with its styles and scripts."""
    firsts: dict[str, list[float]] = {}
    weights: dict[str, list[float]] = {}
    for _ in range(context.runs):
        async with context.database() as database:
            await months.fill(database)
            async with _browsing(context, database) as (browser, paths):
                for name, path in paths.items():
                    firsts.setdefault(name, []).append(await _first_byte(browser, path))
                    weights.setdefault(name, []).append(await _weight(browser, path))
    return [each for name in firsts for each in _measures(name, firsts[name], weights[name])]


def _measures(name: str, firsts: list[float], weights: list[float]) -> list[Measure]:
    return [
        Measure(
            what=f"{name}: first byte, p95",
            unit="ms",
            values=tuple(firsts),
            least=LEAST_MS,
            lower_is_better=True,
            note=f"{REQUESTS} requests one after the other; {months.SIZES}",
        ),
        Measure(
            what=f"{name}: weight",
            unit="kB",
            values=tuple(weights),
            least=LEAST_KB,
            lower_is_better=True,
            note="as sent, with its styles and scripts, without what maps load later",
        ),
    ]


@asynccontextmanager
async def _browsing(
    context: Context, database: Database
) -> AsyncGenerator[tuple[httpx.AsyncClient, Mapping[str, str]]]:
    """Signed in, and the pages there are, by what they are called in the report."""
    secret = secrets.token_urlsafe(32)
    admin = await database.connect()
    row = await admin.fetchrow(PATHS)
    assert row is not None  # noqa: S101 - it selects constants
    token = links.sign(secret, "page", row["client_id"], datetime.now(UTC))
    pages = {path: path for path in PAGES}
    pages |= {"a job": row["job"], "a client": row["client"], "a mail": row["mail"]}
    pages["an agent's page"] = f"/c/{token}"
    async with (
        gateway.serving(context, database, SECRET_KEY=secret) as side,
        httpx.AsyncClient(
            base_url=side.url, headers=BROWSER, timeout=30, trust_env=False
        ) as browser,
    ):
        answer = await browser.post("/console/sign-in", data={"key": side.key})
        if not answer.has_redirect_location:
            raise BenchError(f"The console does not let us in: {answer.status_code}.")
        yield browser, pages


async def _first_byte(browser: httpx.AsyncClient, path: str) -> float:
    taken: list[float] = []
    for _ in range(WARM + REQUESTS):
        began = perf_counter()
        async with browser.stream("GET", path) as answer:
            taken.append((perf_counter() - began) * 1000)
            if not answer.is_success:
                raise BenchError(f"{path} answers {answer.status_code}.")
            await answer.aread()
    return percentile(taken[WARM:], 0.95)


async def _weight(browser: httpx.AsyncClient, path: str) -> float:
    """In kB over the wire: an answer that is not compressed counts in full."""
    page = await browser.get(path)
    assets = dict.fromkeys(ASSET.findall(page.text))
    answers = [page, *[await browser.get(asset) for asset in assets]]
    return sum(map(_sent, answers)) / 1000


def _sent(answer: httpx.Response) -> int:
    packed = answer.headers.get("Content-Encoding") == "gzip"
    return len(gzip.compress(answer.content)) if packed else len(answer.content)
