"""The table of the points."""

from collections.abc import Mapping
from functools import partial
from typing import Final

import msgspec

from tests.faults.failpoints import api, firing
from tests.faults.failpoints.arms import (
    Arm,
    after_it,
    always,
    is_handled,
    is_promised,
    says,
    sent_without_answer,
    some_answered,
    somebody_waits,
    where,
)
from tests.faults.failpoints.moments import Deeds
from tests.faults.failpoints.wrapping import FailpointError, before

START_INPUT: Final = 354
COMPLETED: Final = 250

ANY: Final = "any"
"""Every service has it: whichever is started with the point."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A place in the work of a service."""

    service: str
    says: str
    arm: Arm


def arm_failpoint(wanted: str) -> None:
    """Arm `point:kill|raise|sleep[:nth[:seconds]]` in this process, once."""
    fire = firing.parse(wanted)
    if fire.point not in POINTS:
        raise FailpointError(f"{fire.point} is no point; there are {', '.join(POINTS)}")
    POINTS[fire.point].arm(fire)


MOVED: Final = "services.gateway.repository.movements:write_advances"
STARTED: Final = "services.gateway.repository.schedule:start_deliveries"
TICK: Final = "services.scheduler.handlers:_tell"
PROCESSED: Final = "services.scraper.handlers.process:process_clients"
WAIT: Final = "services.scraper.repository.jobs:PostgresJobs.wait"
READY: Final = "services.scraper.handlers.settle:_ready"
DRAWN: Final = "services.assigner.repository.choices:PostgresChoices._choose"
ASKED: Final = "services.notifier.repository.mails:PostgresMails.ask"
SESSION: Final = "services.notifier.mailer.smtp:SmtpSession"
DESK: Final = "services.notifier.repository.desk:PostgresDesk"

POINTS: Final[Mapping[str, Point]] = {
    "gateway.before-commit": Point(
        service="gateway",
        says="a POST has written its effect and its events, nothing is committed",
        arm=api.before_commit,
    ),
    "gateway.after-commit": Point(
        service="gateway",
        says="the effect of a POST is committed, its caller has no answer",
        arm=api.after_commit,
    ),
    "gateway.after-response": Point(
        service="gateway",
        says="a POST with an effect is answered",
        arm=api.after_response,
    ),
    "gateway-outcome.committed": Point(
        service="gateway",
        says="news of jobs are committed",
        arm=where(Deeds.on_commit_of_batch, MOVED, always),
    ),
    "gateway-outcome.before-offset": Point(
        service="gateway",
        says="news of jobs are committed, the offset of their events is not",
        arm=where(Deeds.before_offset, MOVED, always),
    ),
    "gateway-day.committed": Point(
        service="gateway",
        says="the deliveries of a day are committed, the offset of its tick is not",
        arm=where(Deeds.on_commit_of_batch, STARTED),
    ),
    "scheduler.before-commit": Point(
        service="scheduler",
        says="a tick is recorded and its event written, nothing is committed",
        arm=where(Deeds.on_written, TICK, always),
    ),
    "scheduler.after-commit": Point(
        service="scheduler",
        says="a tick is committed, the relay has not looked yet",
        arm=where(Deeds.on_commit, TICK, always),
    ),
    "relay.selected": Point(
        service=ANY,
        says="events are read from the outbox, none is sent",
        arm=after_it("libs.common.relay:_select"),
    ),
    "relay.sent-no-answer": Point(
        service=ANY,
        says="events are sent to the broker, its answer is not read",
        arm=sent_without_answer,
    ),
    "relay.answered-not-marked": Point(
        service=ANY,
        says="the broker has answered, the events are not marked",
        arm=partial(before, "libs.common.relay:_mark", when=some_answered),
    ),
    "scraper.waiting-written": Point(
        service="scraper",
        says="it is written which cities a job waits for, nothing is committed",
        arm=after_it(WAIT, somebody_waits),
    ),
    "scraper.file-fetched": Point(
        service="scraper",
        says="a file of a publisher is fetched and kept",
        arm=after_it("services.scraper.archive.archive:Archive.fetch"),
    ),
    "scraper.file-loaded": Point(
        service="scraper",
        says="the sales of a file are in the stock, nothing is committed",
        arm=after_it("services.scraper.loader.load:Load.year", always),
    ),
    "scraper.ready-written": Point(
        service="scraper",
        says="a job's stock is ready and the event of it written, nothing is committed",
        arm=where(Deeds.on_written, READY),
    ),
    "scraper.before-offset": Point(
        service="scraper",
        says="jobs are taken in, the offset of their events is not committed",
        arm=where(Deeds.before_offset, PROCESSED, is_handled),
    ),
    "assigner.drawn": Point(
        service="assigner",
        says="homes are drawn and given, nothing is committed",
        arm=after_it(DRAWN),
    ),
    "assigner.committed": Point(
        service="assigner",
        says="a choice is committed",
        arm=where(Deeds.on_commit_of_batch, DRAWN),
    ),
    "assigner.before-offset": Point(
        service="assigner",
        says="a choice is committed, the offset of its event is not",
        arm=where(Deeds.before_offset, DRAWN),
    ),
    "notifier.written": Point(
        service="notifier",
        says="mails are asked for, nothing is committed",
        arm=after_it(ASKED),
    ),
    "notifier.before-offset": Point(
        service="notifier",
        says="mails are asked for and committed, the offset of their events is not",
        arm=where(Deeds.before_offset, ASKED),
    ),
    "notifier.claimed": Point(
        service="notifier",
        says="mails are claimed, none is written yet",
        arm=after_it(f"{DESK}.claim"),
    ),
    "notifier.rendered": Point(
        service="notifier",
        says="a mail is written, the server has heard nothing of it",
        arm=partial(before, f"{SESSION}.envelope"),
    ),
    "notifier.handing-off": Point(
        service="notifier",
        says="the hand-off of a mail is promised and committed, DATA is not said",
        arm=after_it(f"{DESK}.hand_over", is_promised),
    ),
    "notifier.after-354": Point(
        service="notifier",
        says="the server waits for the content of a mail and has nothing of it",
        arm=after_it("aiosmtplib.protocol:SMTPProtocol.read_response", says(START_INPUT)),
    ),
    "notifier.after-250": Point(
        service="notifier",
        says="the server has taken a mail and said so, nothing is settled",
        arm=after_it(f"{SESSION}.content", says(COMPLETED)),
    ),
    "held.taken": Point(
        service=ANY,
        says="a held message is locked to be tried again",
        arm=after_it("libs.common.held:take"),
    ),
    "held.done": Point(
        service=ANY,
        says="a held message has had its effect and is marked, nothing is committed",
        arm=after_it("libs.common.held:done", always),
    ),
    "handler.entered": Point(
        service=ANY,
        says="events are in the inbox, their handler is about to begin",
        arm=after_it("libs.common.inbox:accept"),
    ),
}
"""By name."""
