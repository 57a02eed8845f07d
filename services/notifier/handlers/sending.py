"""One mail at a time: envelope, promise, content, outcome.

`handing_off` is committed between the last 250 to RCPT and DATA, so a crash leaves at most one
doubt for each connection. What the server said is stored again and again until it is.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

import structlog

from libs.common.errors import PermanentError
from libs.telemetry import traces
from services.notifier import metrics
from services.notifier.domain.delivery import (
    SESSION_VERBS,
    Decision,
    Reply,
    Verdict,
    decide,
)
from services.notifier.domain.mail import Draft, Letter, Mail, objection

log = structlog.get_logger()

Compose = Callable[[Draft], Letter]


class Desk(Protocol):
    """Where mails wait; it owns the claimed ones until they are put back or settled."""

    async def claim(self) -> Sequence[Draft]: ...
    async def hand_over(self, draft: Draft, letter: Letter) -> bool: ...
    async def put_back(self, mails: Sequence[Mail]) -> None: ...
    async def settle(self, mail: Mail, decision: Decision) -> None: ...
    def stop(self) -> None: ...


class Session(Protocol):
    """A conversation with a server, opened when needed."""

    async def envelope(self, recipient: str) -> Reply | None: ...
    async def content(self, raw: bytes) -> Reply: ...
    async def close(self) -> None: ...


class Pause(Exception):  # noqa: N818 - it tells the sender to rest; nothing is wrong with the mail
    """The server wants nothing from us for now."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reply.words)
        self.decision: Final = decision


async def send(draft: Draft, *, desk: Desk, session: Session, compose: Compose) -> None:
    """Bring a claimed mail as far as it goes now; raise `Pause` when no other would go further."""
    with structlog.contextvars.bound_contextvars(traceparent=draft.mail.traceparent, **_ids(draft)):
        await _send(draft, desk=desk, session=session, compose=compose)


def _ids(draft: Draft) -> dict[str, str]:
    job = draft.mail.job
    return {"job_id": str(job.id)} if job else {}


async def _send(draft: Draft, *, desk: Desk, session: Session, compose: Compose) -> None:
    letter = _composed(draft, compose)
    if isinstance(letter, Decision):
        await desk.settle(draft.mail, letter)
        return
    mail = draft.mail
    with _conversation(mail):
        reply = await session.envelope(letter.recipient)
        if reply is None:
            promised = await _promised(draft, letter, desk)
            if promised is not True:
                await session.close()
                # Suppressed, erased, changed or taken over since? Then the next claim will see it.
                await (desk.settle(mail, promised) if promised else desk.put_back([mail]))
                return
            reply = await session.content(letter.raw)
    metrics.count_reply(reply.verb, reply.code)
    decision = decide(reply, mail.tries)
    await desk.settle(mail, decision)
    _report(mail, reply, decision)
    if decision.verdict is Verdict.CONFIGURATION or reply.verb in SESSION_VERBS:
        raise Pause(decision)


@contextmanager
def _conversation(mail: Mail) -> Generator[None]:
    """Time it, and where spans are recorded, record it."""
    about = {"mail_id": str(mail.id), "mail_kind": mail.kind}
    with (
        metrics.MAIL_SECONDS.time(),
        traces.around("client", [("smtp", mail.traceparent, about)]),
    ):
        yield


def _report(mail: Mail, reply: Reply, decision: Decision) -> None:
    log.info(
        "mail_tried",
        mail_id=str(mail.id),
        kind=mail.kind,
        verdict=decision.verdict,
        verb=reply.verb,
        code=reply.code,
        ms=reply.duration_ms,
    )


async def _promised(draft: Draft, letter: Letter, desk: Desk) -> Decision | bool:
    try:
        return await desk.hand_over(draft, letter)
    except Exception as error:
        # Nothing is stored and nothing handed over; it must not hold up the others.
        log.exception("mail_not_promised", mail_id=str(draft.mail.id), kind=draft.mail.kind)
        return decide(Reply("CLAIM", None, type(error).__name__), draft.mail.tries)


def _composed(draft: Draft, compose: Compose) -> Letter | Decision:
    try:
        return objection(draft) or compose(draft)
    except PermanentError as error:
        return Decision(Verdict.FAILED, Reply("COMPOSE", None, str(error)))
    except Exception as error:
        # A bug of ours: it may be mended within the 24 hours of this mail.
        log.exception("mail_not_composed", mail_id=str(draft.mail.id), kind=draft.mail.kind)
        return decide(Reply("COMPOSE", None, type(error).__name__), draft.mail.tries)
