"""I2: nobody got two, nobody silently got none, and each mail says what is recorded."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from services.notifier.domain.identity import mail_id, message_id
from tests.faults.oracle.content import miswritten
from tests.faults.oracle.evidence import told, verdict
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

PROMISE: Final = (
    "The server took no mail twice and each that we call sent; everybody has the mails that they"
    " should have, with the addresses on record; every doubt is shown, and there are few."
)

# An operator may have a doubt settled, or sent once more.
ACCEPTED: Final = """
    with accepted as (
      select * from unnest($1::text[], $2::int[]) as accepted (message_id, times)
    ), settled as (
      select target, count(*) filter (where detail ->> 'verdict' = 'resend') as resent,
             count(*) filter (where detail ->> 'verdict' = 'sent') as believed
      from gateway.audit where action = 'mail.resolve' group by target
    ), log as (
      select mail.id, kind, state, coalesce(times, 0) as times, coalesce(resent, 0) as resent,
             coalesce(believed, 0) as believed
      from notifier.mail
      left join accepted using (message_id)
      left join settled on target = mail.id::text
    )
    select kind || ' is ' || state || ', accepted ' || times || ' times:', id from log
    where times > 1 + resent
       or (state = 'sent' and times = 0 and believed = 0)
       or (state in ('failed', 'suppressed') and times > 0 and resent = 0)
       or state in ('pending', 'claimed', 'handing_off')
    union all
    select 'accepted, and none of ours: ' || message_id, null from accepted
    where not exists (select from notifier.mail where mail.message_id = accepted.message_id)
"""

STATES: Final = """
    select kind || ' is ' || state || ':', id from notifier.mail
    where (state = 'failed' and (client_id <> all($1::uuid[])) is not false)
       or (state = 'suppressed' and (client_id <> all($2::uuid[])) is not false)
    union all
    select 'doubt without evidence:', id from notifier.mail
    where state = 'unknown' and evidence = '' and not blanked
    union all
    select kind || ' is ' || state || ', and no event says so:', id from notifier.mail
    where state in ('sent', 'failed', 'unknown', 'suppressed')
      and updated_at > public.clock() - interval '29 days' -- older events are forgotten
      and (id::text, state, version) not in (
        select said ->> 'mail_id', said ->> 'state', (said ->> 'version')::int
        from notifier.outbox
        cross join lateral (select convert_from(payload, 'UTF8')::jsonb as said) as read
        where type = 'trackimmo.mail.settled.v1')
"""

EXPECTED: Final = """
    with expected (kind, subject_id, period) as (
      select 'notification', job_id, '' from assigner.choice where found > 0
      union all
      select 'insufficient', job_id, '' from assigner.choice where found < requested
      union all
      select 'error', id, ladder::text from gateway.job
      where status = 'failed' and not exists (
        select from gateway.movement m
        where m.job_id = job.id and m.run = job.run and m.step = 'job')
      union all
      select 'welcome', client_id, '' from unnest($1::uuid[]) as client_id
    ), noticed as (
      select * from unnest($2::uuid[], $4::int[]) as noticed (client_id, notices)
    )
    select 'no ' || kind || ' for', subject_id from expected
    where not exists (
      select from notifier.mail m
      where m.kind = expected.kind and m.subject_id = expected.subject_id
        and m.period = expected.period)
    union all
    select count(m.id) || ' notices for', noticed.client_id
    from noticed
    left join notifier.mail m on m.kind = 'monthly' and m.subject_id = noticed.client_id
    group by noticed.client_id, noticed.notices having count(m.id) <> noticed.notices
    union all
    select 'unwanted notice to', m.client_id from notifier.mail m
    where kind = 'monthly' and client_id <> all($2::uuid[] || $3::uuid[])
    union all
    select 'unwanted ' || kind || ' for', subject_id from notifier.mail m
    where kind in ('notification', 'insufficient') and client_id <> all($3::uuid[])
      and (kind, subject_id, period) not in (select kind, subject_id, period from expected)
    union all
    select 'unwanted ' || kind || ' to', subject_id from notifier.mail m
    where kind = 'welcome' and subject_id <> all($1::uuid[] || $3::uuid[])
    union all
    select 'unwanted ' || kind || ' for', subject_id from notifier.mail m
    where kind = 'error' and not exists (
      select from gateway.job where id = m.subject_id and alerted_ladder >= m.period::int)
"""

MAILS: Final = "select id, kind, subject_id, period, message_id, state from notifier.mail"


async def each_mail_once(observed: Observed) -> Verdict:
    """I2."""
    ledger, connection = observed.ledger, observed.connection
    taken = Counter(mail.message_id.strip() for mail in observed.accepted)
    erased, clients = list(ledger.erased), list(ledger.clients - ledger.erased)
    unserved = list(ledger.erased | ledger.suppressed)
    noticed = {one: ledger.deliveries.get(one, 1) for one in ledger.noticed - ledger.erased}
    found = [
        *await connection.fetch(ACCEPTED, list(taken), list(taken.values())),
        *await connection.fetch(STATES, list(ledger.may_fail), unserved),
        *await connection.fetch(EXPECTED, clients, list(noticed), erased, list(noticed.values())),
    ]
    mails = await connection.fetch(MAILS)
    against = [*told(found), *_ill_named(mails), *_doubts(observed, mails)]
    return verdict("I2", PROMISE, [*against, *await miswritten(observed)])


def _ill_named(mails: Iterable[Any]) -> list[str]:
    """Mails whose id, or Message-ID, does not follow from what they are."""
    return [
        f"{mail['kind']} under another id than its own: {mail['id']}"
        for mail in mails
        if mail["id"] != (own := mail_id(mail["kind"], mail["subject_id"], mail["period"]))
        or mail["message_id"] != message_id(own, mail["message_id"].strip("<>").partition("@")[2])
    ]


def _doubts(observed: Observed, mails: Iterable[Any]) -> list[str]:
    ledger = observed.ledger
    doubts = [mail["id"] for mail in mails if mail["state"] == "unknown"]
    deaths = sum(death.service == "notifier" for death in ledger.deaths)
    most = ledger.may_doubt + deaths * ledger.connections
    if len(doubts) <= most:
        return []
    return [f"{len(doubts)} mails in doubt, at most {most}: {doubts[0]}"]
