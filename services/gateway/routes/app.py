"""The application: routes, keys, manners."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from services.gateway.routes import (
    admin_clients,
    admin_jobs,
    agent_links,
    api_keys,
    assets,
    calendar,
    cities,
    client_changes,
    clients,
    dead_letters,
    docs,
    erasure,
    events,
    exports,
    follow_up,
    health,
    imports,
    jobs,
    link_revocation,
    mails,
    openapi,
    oppositions,
    outboxes,
    previews,
    properties,
    refreshes,
    resets,
    schedule,
    stats,
    test_email,
    trials,
    upkeep,
)
from services.gateway.routes.agent import router as agent
from services.gateway.routes.answer import Answer
from services.gateway.routes.body import StrictRequest
from services.gateway.routes.console import errors, router
from services.gateway.routes.entrance import Entrance, entrance
from services.gateway.routes.failures import HANDLERS
from services.gateway.routes.feed import Feed
from services.gateway.routes.limit import Count
from services.gateway.routes.ports import Component, Ports, Reading, Writing
from services.gateway.routes.trace import traced
from services.gateway.settings import GatewaySettings

log = structlog.get_logger()

MAX_BODY_BYTES: Final = 1_000_000

OPEN: Final = (health.health, health.api_health, health.version, health.live, health.ready)
"""Without a key; later operations join one of these lists, by their subject."""
API: Final = (
    clients.register_client,
    clients.read_client,
    client_changes.change_client,
    erasure.erase_client,
    jobs.process_client,
    jobs.add_addresses,
    jobs.job_status,
    events.job_events,
    upkeep.process_retry_queue,
    upkeep.cleanup_jobs,
    properties.client_properties,
    properties.client_property,
    follow_up.follow_up_property,
    exports.client_properties_csv,
    exports.client_properties_xlsx,
    cities.find_cities,
)
ADMIN: Final = (
    health.admin_health,
    events.all_events,
    calendar.show_schedule,
    dead_letters.list_dead_letters,
    dead_letters.replay_dead_letter,
    dead_letters.discard_dead_letter,
    outboxes.replay_outbox,
    refreshes.request_refresh,
    refreshes.read_refresh,
    stats.system_stats,
    admin_clients.list_clients,
    admin_clients.show_client,
    resets.reset_assignments,
    trials.try_client,
    link_revocation.revoke_links,
    admin_jobs.list_jobs,
    admin_jobs.retry_job,
    admin_jobs.cancel_job,
    upkeep.delete_old_jobs,
    schedule.run_schedule,
    imports.request_import,
    imports.read_import,
    mails.list_mails,
    mails.read_mail,
    mails.resolve_mail,
    previews.preview_mail,
    test_email.send_test_email,
    oppositions.list_oppositions,
    oppositions.oppose,
    oppositions.lift_opposition,
    api_keys.list_api_keys,
    api_keys.create_api_key,
    api_keys.revoke_api_key,
)


def create_app(
    *,
    settings: GatewaySettings,
    reading: Reading,
    writing: Writing,
    clock: Callable[[], datetime],
    seed: Callable[[], int],
    ready: Callable[[], Awaitable[bool]],
    kafka: Callable[[], Awaitable[Component]],
    count: Count,
    feed: Feed,
) -> Litestar:
    """The HTTP side of the gateway.

    `reading()` lends a connection, `writing()` opens a transaction with its `emit`; `clock()` is the
    present instant (UTC), `seed()` a random number below 2^53; `ready()` says whether PostgreSQL and the migrations are there, `kafka()`
    how the bus is, `count()` how many requests a key has made; `feed` tells what moves
    while it runs. All of them may raise what PostgreSQL raises: that is answered with 503.
    """
    ports = Ports(
        settings=settings,
        reading=reading,
        writing=writing,
        clock=clock,
        seed=seed,
        ready=ready,
        kafka=kafka,
        feed=feed,
    )
    doors = entrance(ports, count)
    app = Litestar(
        [
            *_routes(doors),
            docs.document(lambda: openapi.describe(_routes(doors))),
            *docs.PAGES,
            assets.asset,
            agent_links.router(),
            agent.router(),
            router.router(ports, doors),
        ],
        dependencies={"ports": Provide(lambda: ports, sync_to_thread=False, use_cache=True)},
        exception_handlers=errors.beside(HANDLERS, ports),
        request_class=StrictRequest,
        response_class=Answer,
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )
    if not settings.admin_api_key:
        log.warning("admin_key_not_configured", meaning="the API key opens /admin too")
    app.asgi_handler = traced(app.asgi_handler)
    return app


def _routes(doors: Entrance) -> list[ControllerRouterHandler]:
    """Every operation, behind its door."""
    return [
        *OPEN,
        Router("/api", middleware=[doors.api], route_handlers=API),
        Router("/admin", middleware=[doors.admin], route_handlers=ADMIN),
    ]
