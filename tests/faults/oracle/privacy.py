"""I8: no log and no event names anybody, nothing is left of whom was erased, operators are on record."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.faults.environment import ADMIN_API_KEY, API_KEY, SECRET_KEY
from tests.faults.oracle.evidence import told, verdict
from tests.faults.oracle.expected import everywhere
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

PROMISE: Final = (
    "No line of a log holds a name, an address or a secret, no event names a person, nothing is"
    " left of who was erased, and what operators did is on record."
)

SHORTEST: Final = 5
"""Shorter words stand in logs by chance."""
SECRETS: Final = (API_KEY, ADMIN_API_KEY, SECRET_KEY)
PASSWORD: Final = re.compile(rb"[a-z]+://[^/\s:@\"]+:[^/\s@\"]+@")
"""In the address of a server."""

PEOPLE: Final = """
    select 'a name' as what, unnest(array[first_name, last_name, company_name]) as word
    from gateway.client
    union select 'a mail address', email from gateway.client
    union select 'a telephone number', telephone from gateway.client
    union select 'a mail address', recipient from notifier.mail_content
"""

# The street alone: a town may be named.
HOMES: Final = """
    select 'a street address' as what, address as word from assigner.assignment
    union
    select 'a street address', regexp_replace(printed_address, ', [^,]*$', '')
    from assigner.assignment
"""

EVENTS: Final = everywhere("""
    select '{schema}' as schema, id, convert_from(payload, 'UTF8') || headers::text as said
    from {schema}.outbox
""")

LEFT: Final = """
    with erased as (select unnest($1::uuid[]) as client_id)
    select 'erased, and has ' || what || ':', client_id from (
      select 'a choice' as what, client_id from assigner.choice
      union all select 'homes', client_id from assigner.assignment where job_id is not null
      union all select 'a follow-up', client_id from assigner.follow_up
      union all select 'a history', client_id from assigner.follow_up_history
      union all select 'homes taken back', client_id from assigner.reset_assignment
      union all select 'words in a mail', client_id from notifier.mail
      where not blanked or detail <> '{}' or evidence <> ''
      union all select 'a written mail', client_id
      from notifier.mail_content join notifier.mail on mail.id = mail_id
      union all select 'replies', client_id
      from notifier.mail_attempt join notifier.mail on mail.id = mail_id where reply <> ''
      union all select 'kept answers', client_id from gateway.idempotency
      union all select 'an open job', client_id from gateway.job
      where status in ('processing', 'pending')
    ) as kept where client_id in (select client_id from erased)
"""

LETTERS: Final = everywhere("""
    select 'dead_letter.replay', '{schema}/' || id, replays from {schema}.held_message
    where replays > 0
    union all
    select 'dead_letter.discard', '{schema}/' || id, 1 from {schema}.held_message
    where state = 'discarded'
""")

# What only an operator does leaves these marks.
OPERATED: Final = f"""
    with wrote (action, target, times) as (
      select 'job.retry', id::text, ladder - 1 from gateway.job where ladder > 1
      union all select 'job.cancel', job_id::text, 1 from gateway.movement
      where step = 'job' and state = 'cancelled'
      union all select 'client.erase', id::text, 1 from gateway.erased_client
      union all select 'schedule.run', kind || '/' || due_on, 1 from scheduler.tick where requested
      union all select 'client.test', client_id::text, count(*) from gateway.job where kind = 'test'
      group by client_id
      union all select * from ({LETTERS}) as letters
      union all select action, target, count(*)
      from unnest($1::text[], $2::text[]) as told (action, target) group by action, target
    )
    select action || ' is not on record:', target from wrote
    where times > (select count(*) from gateway.audit a
                   where a.action = wrote.action and a.target = wrote.target)
"""  # noqa: S608 - our own constants


async def nobody_is_named(observed: Observed) -> Verdict:
    """I8."""
    connection, ledger = observed.connection, observed.ledger
    people = _words(await connection.fetch(PEOPLE)) | dict.fromkeys(ledger.personal, "a name")
    homes = _words(await connection.fetch(HOMES))
    actions, targets = [one[0] for one in ledger.operated], [one[1] for one in ledger.operated]
    secrets = dict.fromkeys(SECRETS, "a secret")
    lines = await asyncio.to_thread(_logged, observed.logs, people | homes | secrets)
    found = [
        *await connection.fetch(LEFT, list(ledger.erased)),
        *await connection.fetch(OPERATED, actions, targets),
    ]
    said = _said(await connection.fetch(EVENTS), people | secrets)
    return verdict("I8", PROMISE, [*lines, *said, *told(found)])


def _words(rows: Iterable[Any]) -> dict[str, str]:
    return {
        row["word"]: row["what"] for row in rows if row["word"] and len(row["word"]) >= SHORTEST
    }


def _logged(folder: Path, words: Mapping[str, str]) -> list[str]:
    """Which lines hold what they should not; the words themselves are not repeated."""
    logs = sorted(folder.glob("*.log"))
    if not logs:
        return ["no log was kept"]
    return [found for log in logs for found in _in_log(log, words)]


def _in_log(log: Path, words: Mapping[str, str]) -> list[str]:
    content = log.read_bytes()
    folded = content.lower()
    found = [
        (place, what)
        for word, what in words.items()
        for form in _forms(word)
        if (place := folded.find(form)) >= 0
    ]
    found += [(match.start(), "a password") for match in PASSWORD.finditer(content)]
    return [f"{log.name}:{_line(content, at)} holds {what}" for at, what in found]


def _line(content: bytes, at: int) -> int:
    return content.count(b"\n", 0, at) + 1


def _forms(word: str) -> set[bytes]:
    """As it is, and as JSON without accents writes it."""
    plain = word.lower()
    return {plain.encode(), plain.encode("ascii", "backslashreplace").replace(b"\\x", b"\\u00")}


def _said(rows: Iterable[Any], words: Mapping[str, str]) -> list[str]:
    folded = [word.lower() for word in words]
    return [
        f"an event of the {row['schema']} names somebody: {row['id']}"
        for row in rows
        if any(word in row["said"].lower() for word in folded)
    ]
