"""A job whose stock is ready: choose once, tell the recorded choice of every run."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

import structlog

from libs.common.envelope import Received
from libs.common.errors import PermanentError
from libs.common.events import (
    AddressesInsufficient,
    PropertiesAssigned,
    PropertiesReady,
    StepFailed,
)
from libs.common.outbox import Emit
from services.assigner.domain import choice as rules
from services.assigner.domain.choice import Ages, Choice, Request

log = structlog.get_logger()


class Choices(Protocol):
    """The choices, and the doors that each client has received."""

    async def lock(self, client_ids: Iterable[UUID], cities: Iterable[str]) -> None:
        """Keep to this transaction: nobody else chooses for these clients meanwhile.

        Nor, where a door is one client's alone, among the doors of these cities.
        """
        ...

    async def choose(self, requests: Iterable[Request]) -> None:
        """Choose for the jobs that have no choice yet, in this order for each client."""
        ...

    async def recorded(self, job_ids: Iterable[UUID]) -> Mapping[UUID, Choice]:
        """The choices of these jobs; none for a client who is erased."""
        ...


async def assign(
    received: Sequence[Received[PropertiesReady]], *, choices: Choices, emit: Emit, ages: Ages
) -> None:
    """Choose for the jobs that are new, and tell the recorded choice of each."""
    await choices.lock(
        [one.event.client_id for one in received],
        [city for one in received for city in one.event.cities],
    )
    await choices.choose(_requests(received, ages))
    recorded = await choices.recorded(one.event.job_id for one in received)
    for one in received:
        _tell(one, recorded.get(one.event.job_id), emit)


def _requests(received: Sequence[Received[PropertiesReady]], ages: Ages) -> list[Request]:
    newest: dict[UUID, PropertiesReady] = {}
    for one in received:
        known = newest.setdefault(one.event.job_id, one.event)
        if one.event.run > known.run:
            newest[one.event.job_id] = one.event
    return [_request(event, ages) for event in newest.values()]


def _request(event: PropertiesReady, ages: Ages) -> Request:
    if event.count < 1:
        raise PermanentError(f"Job {event.job_id} asks for {event.count} addresses, at least 1")
    sold_from, sold_until = rules.window(event.as_of, ages)
    return Request(
        job_id=event.job_id,
        client_id=event.client_id,
        requested=event.count,
        as_of=event.as_of,
        seed=event.seed,
        cities=event.cities,
        kinds=event.kinds,
        sold_from=sold_from,
        sold_until=sold_until,
        tried=rules.tried(event.as_of, ages, event.cities, event.kinds, event.notes),
    )


def _tell(one: Received[PropertiesReady], choice: Choice | None, emit: Emit) -> None:
    if choice is None:
        emit(_client_gone(one.event), one)
        log.info("choice_refused", reason="client erased", **one.ids)
        return
    if choice.found:
        _tell_assigned(one, choice, emit)
    if choice.found < choice.requested:
        emit(_insufficient(one.event, choice), one)


def _tell_assigned(one: Received[PropertiesReady], choice: Choice, emit: Emit) -> None:
    """The one place from which homes go on to the mail."""
    assigned = PropertiesAssigned(
        **one.event.run_fields(),
        requested=choice.requested,
        found=choice.found,
        address_ids=choice.address_ids,
    )
    emit(assigned, one)


def _insufficient(event: PropertiesReady, choice: Choice) -> AddressesInsufficient:
    return AddressesInsufficient(
        **event.run_fields(),
        requested=choice.requested,
        found=choice.found,
        cities=choice.cities,
        tried=choice.tried,
    )


def _client_gone(event: PropertiesReady) -> StepFailed:
    return StepFailed(
        **event.run_fields(),
        step="assign",
        permanent=True,
        reason="The client is erased",
    )
