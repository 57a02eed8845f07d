"""Every page of the console and of the agents, taken from the application's own table of routes.

A page that is new is looked at without anybody thinking of it. What a route with ids in its path is
asked with stands in `IDS`; which answers are no pages stands in `PARTS`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from litestar.routes import HTTPRoute

from tests.browser.serving import signed
from tests.browser.world import World
from tests.gateway.routes.conftest import application, away

Ids = Callable[[World], Sequence[tuple[object, ...]]]

UNDER: Final = ("/console", "/c/", "/u/")
"""Where people look, not programs."""

PARTS: Final = re.compile(
    r"/events$|/body$|\.(json|csv|xlsx|pdf|ics|eml|txt|bin)$|/(csv|xlsx|pdf|ics|raw|source)$"
    r"|/mails/preview/|/places/"
)
"""Streams, files, what stands in a frame of a page, what another service has to answer first, and
what leads on to a page; besides all whose handler says `opt={"part": True}`."""

IDS: Final[Mapping[tuple[str, ...], Ids]] = {
    (): lambda _: [()],
    ("job_id",): lambda world: [(each,) for each in world.jobs],
    ("client_id",): lambda world: [(each,) for each in world.clients],
    ("client_id", "address_id"): lambda world: list(
        zip(world.clients, world.address_ids, strict=False)
    ),
    ("mail_id",): lambda world: [(each,) for each in world.mails],
    ("service", "held_id"): lambda world: world.dead_letters,
    ("service", "group_id"): lambda world: world.dead_letter_groups,
    ("service", "group_id", "wish"): lambda world: [
        (*group, wish) for group in world.dead_letter_groups for wish in ("replay", "discard")
    ],
    ("kind",): lambda _: [("notification",), ("config",)],
    ("insee_code",): lambda world: [(each,) for each in world.insee_codes],
    ("import_id",): lambda world: [(each,) for each in world.imports],
    ("key_id",): lambda world: [(each,) for each in world.api_keys],
    ("rest",): lambda _: [("nowhere",), ("<img src=x onerror=ran(50)>",)],
    ("token",): lambda world: [(signed(each),) for each in world.clients],
    ("unsubscribe",): lambda world: [(signed(each, "unsubscribe"),) for each in world.clients[:2]],
    ("token", "address_id"): lambda world: [
        (signed(client), address)
        for client, address in zip(world.clients, world.address_ids, strict=False)
    ],
}
"""By the names of the ids in a path: what to ask with, the ordinary first, then the hostile."""


class Route(msgspec.Struct, frozen=True):
    """A page as the application declares it."""

    path: str
    parameters: tuple[str, ...]
    is_part: bool

    @property
    def name(self) -> str:
        """Of tests and pictures: `console-jobs-job` for /console/jobs/{job_id}."""
        parts = re.sub(r"\{(\w+?)(_id)?(:\w+)?\}", r"\1", self.path).strip("/")
        return re.sub(r"^c-token", "agent", re.sub(r"[^a-z0-9]+", "-", parts.lower()))

    @property
    def is_for_operators(self) -> bool:
        """Whether one has to be signed in."""
        return self.path.startswith("/console") and self.path != "/console/sign-in"

    @property
    def status(self) -> int:
        """What it is answered with."""
        return 404 if self.parameters == ("rest",) else 200

    def addresses(self, world: World) -> list[str]:
        """Where it answers in this world, the ordinary one first."""
        ids = IDS.get(self.parameters)
        assert ids, (
            f"{self.path} is new here: say in IDS of tests/browser/pages.py with which ids of the "
            f"World a page is asked whose path names {', '.join(self.parameters)}"
        )
        parts = re.split(r"\{[^}]+\}", self.path)
        return ["".join(map("".join, _woven(parts, each))) for each in ids(world)]


def _woven(parts: Sequence[str], ids: Sequence[object]) -> list[tuple[str, str]]:
    assert len(parts) == len(ids) + 1
    return list(zip(parts, [*map(str, ids), ""], strict=True))


def _declared() -> list[Route]:
    app = application(reading=away, writing=away, count=away)
    routes = [each for each in app.routes if isinstance(each, HTTPRoute)]
    return sorted(
        (
            Route(each.path, _names(each), _is_part(each))
            for each in routes
            if "GET" in each.methods and f"{each.path}/".startswith(UNDER)
        ),
        key=lambda route: route.path,
    )


def _names(route: HTTPRoute) -> tuple[str, ...]:
    return ("unsubscribe",) if route.path.startswith("/u/") else tuple(route.path_parameters)


def _is_part(route: HTTPRoute) -> bool:
    said = any("GET" in each.http_methods and "part" in each.opt for each in route.route_handlers)
    return said or PARTS.search(route.path) is not None


ROUTES: Final = _declared()
PAGES: Final = [route for route in ROUTES if not route.is_part]
