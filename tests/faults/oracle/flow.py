"""I3, I4: what was written has arrived, at everybody whom it concerns, once."""

from typing import Final

from tests.faults.oracle.evidence import told, verdict
from tests.faults.oracle.expected import everywhere, readers
from tests.faults.oracle.lag import behind
from tests.faults.oracle.observed import Observed
from tests.faults.results import Verdict

NOTHING_WAITS: Final = "Nothing waits: no outbox, no group and no held message."
ONCE: Final = (
    "Every event was handled once by each consumer that it is for, and nothing that nobody wrote."
)

WAITING: Final = everywhere("""
    select '{schema} has not published', type, id from {schema}.outbox where published_at is null
    union all
    select '{schema} holds for ' || consumer, topic, id from {schema}.held_message
    where state = 'waiting'
""")

WRITTEN: Final = everywhere("select id, type, created_at from {schema}.outbox")
INBOX: Final = everywhere("select consumer, event_id, handled_at from {schema}.inbox")
DEAD: Final = everywhere("""
    select consumer, event_id from {schema}.held_message where state in ('dead', 'discarded')
""")

# Older events are forgotten sooner than that they were handled.
MET: Final = f"""
    with written as materialized ({WRITTEN}), inbox as materialized ({INBOX}),
    dead as materialized ({DEAD}),
    due as materialized (
      select id, type, consumer
      from written join unnest($1::text[], $2::text[]) as reader (type, consumer) using (type))
    select due.consumer || ' has handled ' || count(event_id) || ' times:', type, id
    from due left join inbox on inbox.consumer = due.consumer and event_id = id
    group by due.consumer, type, id
    having count(event_id) > 1
       or (count(event_id) = 0 and (due.consumer, id) not in (
             select consumer, event_id from dead where event_id is not null))
    union all
    select consumer || ' has handled what nobody wrote for it:', null, event_id from inbox
    where handled_at > public.clock() - interval '29 days' and event_id <> all($3::uuid[])
      and (consumer, event_id) not in (select consumer, id from due)
"""  # noqa: S608 - our own constants

# A handler that runs twice for an event says everything twice. What was said before the inbox took
# note of the cause is of an inbox that has forgotten it since.
TWICE: Final = everywhere("""
    select '{schema} has said ' || count(*) || ' times for one cause:', type, (min(id::text))::uuid
    from {schema}.outbox where headers ? 'causation_id' and not exists (
      select from {schema}.inbox
      where event_id = (headers ->> 'causation_id')::uuid and handled_at > created_at)
    group by type, payload, headers ->> 'causation_id' having count(*) > 1
""")


async def nothing_waits(observed: Observed) -> Verdict:
    """I3."""
    found = told(await observed.connection.fetch(WAITING))
    lags = await behind(observed.bus, observed.prefix) if observed.bus else {}
    late = [f"{group} has {lag} messages before it" for group, lag in lags.items() if lag]
    return verdict("I3", NOTHING_WAITS, [*found, *late])


async def each_event_once(observed: Observed) -> Verdict:
    """I4."""
    types, consumers = zip(*readers(), strict=True)
    injected = list(observed.ledger.injected)
    met = await observed.connection.fetch(MET, list(types), list(consumers), injected)
    twice = await observed.connection.fetch(TWICE)
    return verdict("I4", ONCE, told([*met, *twice]))
