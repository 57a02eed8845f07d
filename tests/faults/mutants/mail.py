"""Without what keeps a mail single, decent and unheard by others."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from msgspec.structs import replace

from services.notifier.domain.delivery import Reply, Verdict
from services.notifier.domain.mail import Letter
from tests.faults.mutants.mutant import Mutant, Swap, instead, text

log = structlog.get_logger()

OUTCOMES: Final = "services.notifier.repository.outcomes"
DESK: Final = "services.notifier.repository.desk"
COMPOSED: Final = "services.notifier.handlers.sending:_composed"


def _random_message_id(composed: Callable[..., Any]) -> Callable[..., Any]:
    def mutated(draft: Any, compose: Any) -> Any:
        mail = replace(draft.mail, message_id=f"<{uuid4()}@trackimmo.test>")
        return composed(replace(draft, mail=mail), compose)

    return mutated


def _told_to_the_log(composed: Callable[..., Any]) -> Callable[..., Any]:
    def mutated(draft: Any, compose: Any) -> Any:
        letter = composed(draft, compose)
        if isinstance(letter, Letter):
            log.info("mail_composed", recipient=letter.recipient)
        return letter

    return mutated


def _doubt_is_a_refusal(verdict: Callable[[Reply], Verdict]) -> Callable[[Reply], Verdict]:
    def mutated(reply: Reply) -> Verdict:
        meant = verdict(reply)
        return Verdict.RETRY if meant is Verdict.UNKNOWN else meant

    return mutated


async def _stored_or_not(_desk: Any, store: Callable[[], Any]) -> None:
    try:
        await store()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is not tried again
        log.warning("outcome_given_up", error=type(error).__name__)


def _of_each_request(_: Any) -> property:
    """An id for each time that somebody asks for a mail."""
    ids: dict[int, tuple[Any, UUID]] = {}

    def own_id(request: Any) -> UUID:
        return ids.setdefault(id(request), (request, uuid4()))[1]

    return property(own_id)


def _asked_anew(statement: str) -> str:
    """Inserted whatever is there."""
    before, _, rest = statement.partition("on conflict")
    return f"{before} returning {rest.partition('returning')[2]}"


MAIL: Final = (
    Mutant(
        name="random Message-ID",
        says="Each try of a mail has a Message-ID of its own",
        scenario="calm few",
        caught_by=("I2",),
        swaps=(Swap(COMPOSED, _random_message_id),),
    ),
    Mutant(
        name="no fence of mails",
        says="Whoever has once claimed a mail may hand it over and say what became of it for ever",
        scenario="sender comes back",
        caught_by=("I2",),
        swaps=(
            text(
                f"{OUTCOMES}:HAND_OVER",
                ("mail.id = asked.id and mail.fence = asked.fence", "mail.id = asked.id"),
            ),
            text(
                f"{OUTCOMES}:SETTLE",
                ("on mail.id = told.id and mail.fence = told.fence", "on mail.id = told.id"),
            ),
            text(
                f"{DESK}:PUT_BACK",
                ("mail.id = held.id and mail.fence = held.fence", "mail.id = held.id"),
            ),
            text(
                "services.notifier.repository.leases:RENEW",
                ("mail.id = held.id and mail.fence = held.fence", "mail.id = held.id"),
            ),
        ),
    ),
    Mutant(
        name="promise not kept",
        says="`handing_off` is not committed before DATA",
        scenario="sender dies at 250",
        caught_by=("I2",),
        swaps=(
            text(f"{OUTCOMES}:HAND_OVER", ("set state = 'handing_off'", "set state = 'claimed'")),
        ),
    ),
    Mutant(
        name="doubt sent again",
        says="What nobody knows of a hand-over counts as a refusal: the mail is sent again",
        scenario="F32",
        caught_by=("I2",),
        swaps=(Swap("services.notifier.domain.delivery:verdict", _doubt_is_a_refusal),),
    ),
    Mutant(
        name="250 written once",
        says="The answer of the mail server is forgotten if PostgreSQL does not take it at once",
        scenario="250 in hand",
        caught_by=("I2",),
        swaps=(instead(f"{DESK}:PostgresDesk._until_stored", _stored_or_not),),
    ),
    Mutant(
        name="mail without a key",
        says="Each time that somebody asks for a mail it is another one",
        scenario="told again",
        caught_by=("I2",),
        sql="alter table notifier.mail drop constraint mail_kind_subject_id_period_key",
        swaps=(
            Swap("services.notifier.domain.mail:Request.id", _of_each_request),
            Swap("services.notifier.repository.mails:ASK", _asked_anew),
        ),
    ),
    Mutant(
        name="suppression not read again",
        says="Who wants no more mails is asked about when a mail is claimed, not when it is handed"
        " over",
        scenario="changed their mind",
        caught_by=("scenario",),
        swaps=(
            text(
                f"{OUTCOMES}:HAND_OVER",
                (
                    "select from suppression where suppression.client_id = mail.client_id",
                    "select from suppression where false",
                ),
            ),
        ),
    ),
    Mutant(
        name="client not looked for again",
        says="Whether the client is still there is asked when a mail is claimed, not when it is"
        " handed over",
        scenario="changed their mind",
        caught_by=("scenario",),
        swaps=(
            text(
                f"{OUTCOMES}:HAND_OVER",
                ("and (client_id is null or exists (", "and (true or exists ("),
            ),
        ),
    ),
    Mutant(
        name="recipients in the log",
        says="A log line says to whom a mail goes",
        scenario="calm few",
        caught_by=("I8",),
        swaps=(Swap(COMPOSED, _told_to_the_log),),
    ),
)
