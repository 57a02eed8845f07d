"""Whatever stands on the page happens on a running stack, and nothing else is answered."""

import pytest

from tests.interface import agents, clients, manners, operators
from tests.interface.page import operations
from tests.interface.shapes import unseen, unwritten
from tests.interface.world import World, world

pytestmark = pytest.mark.timeout(240)

STORIES = (
    clients.health,
    clients.registration,
    clients.cities,
    clients.jobs,
    clients.waiting_jobs,
    clients.deliveries,
    operators.overview,
    operators.jobs,
    operators.clients,
    operators.schedule,
    operators.by_hand,
    operators.dead_letters,
    operators.outboxes,
    operators.mails,
    operators.stock,
    operators.oppositions,
    operators.keys,
    operators.movements,
    agents.homes,
    agents.preferences,
    agents.subscription,
    manners.manners,
)
NOT_FROM_OUTSIDE = {
    ("GET /ready", 503),
    ("GET /live", 503),
    ("POST /admin/test-email", 202),
    ("POST /admin/test-client-processing", 202),
}
"""Statuses that only a stack gives that hangs, or lacks PostgreSQL or notifier: their tests are beside the code."""


async def test_each_path_field_and_status_of_the_page_is_answered_and_nothing_else(tmp_path):
    async with world(tmp_path) as here:
        wrong = [each for story in STORIES for each in await told(story, here)]
    wrong += complaints(here)
    assert not wrong, "\n".join(wrong)


async def told(story, here: World) -> list[str]:
    try:
        await story(here)
    except Exception as error:  # noqa: BLE001 - the other stories are told all the same
        return [f"{story.__module__}.{story.__name__}: {type(error).__name__}: {error}"]
    return []


def complaints(here: World) -> list[str]:
    heard, found = here.heard, list(here.heard.strangers)
    for each in operations():
        for status, page in each.answers.items():
            if (each.name, status) not in {*heard.came, *NOT_FROM_OUTSIDE}:
                found.append(f"{each.name} never answered {status}")
            if status < 300 and (each.name, status) not in NOT_FROM_OUTSIDE:
                came = heard.came[each.name, status]
                found += [f"{each.name} {status} answered {path}" for path in unwritten(came, page)]
                found += [f"{each.name} {status} left out {path}" for path in unseen(came, page)]
        fields = {name.removesuffix("?") for name in each.fields}
        found += [f"{each.name} was not sent {name}" for name in fields - heard.sent[each.name]]
        found += [
            f"{each.name} was not asked {name}" for name in each.query - heard.asked[each.name]
        ]
    return found
