"""A job's request in the terms of the stock: codes under which sales are filed, and days."""

from collections.abc import Sequence

from libs.common.envelope import Received
from libs.common.events import ClientProcess
from services.scraper.domain import Rules
from services.scraper.handlers.ports import Cities, Wanted


async def what_they_want(
    received: Sequence[Received[ClientProcess]], *, cities: Cities, rules: Rules
) -> list[Wanted]:
    """Each job with its cities spelled out: Paris, Lyon and Marseille by arrondissement.

    A city whose sales are not public is left out and named with the reason.
    """
    codes = sorted({city for one in received for city in one.event.cities})
    targets = await cities.targets(codes)
    return [
        Wanted(
            received=one,
            window=rules.window(one.event.as_of),
            cities=tuple(
                dict.fromkeys(
                    code
                    for city in one.event.cities
                    if targets[city].refusal is None
                    for code in targets[city].codes
                )
            ),
            refusals={
                city: refusal for city in one.event.cities if (refusal := targets[city].refusal)
            },
        )
        for one in received
    ]
