"""The application: its doors, what guards them, and what runs beside them."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Annotated

import structlog
from fastapi import FastAPI, Query, WebSocket

from api import openapi, problems
from api.gate import Counted, Limited, OnlyJson
from api.live.audiences.wall import Wall
from api.live.feed import Feed
from api.live.socket import Sockets
from api.live.world import World
from api.page import Headers, serve_page
from api.routes import (
    accounts,
    downtime,
    field,
    gps,
    health,
    live,
    pad,
    referrals,
    region,
    requests,
    resources,
    rides,
    roads,
    session,
)
from api.services import Services, Settings
from api.store import DATABASE_ERRORS
from api.who import require_roles
from dispatch.planning.signs import PlannerWatch
from registry.cancelling import end_tasks

ROUTERS = (
    session,
    accounts,
    region,
    requests,
    field,
    resources,
    gps,
    roads,
    pad,
    downtime,
    referrals,
    rides,
    live,
)
PLACES_EVERY_S = 30.0
_log = structlog.get_logger("api")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(services: Services) -> FastAPI:
    """The doors over `services`. Raises ValueError if a door does not say who may pass.

    Its lifespan runs the live feed; without it every live answer is 503.
    """
    app = doors(services.settings, partial(_running, services))
    app.state.services = services
    serve_page(app, services.settings.web_dist)
    return app


def doors(settings: Settings, lifespan: Lifespan | None = None) -> FastAPI:
    """Every door with nothing behind it: enough for the OpenAPI document."""
    app = FastAPI(
        title="caretower",
        version="1",
        summary="Crisis care: what is free, what would be best, what was promised.",
        description="Times are integer milliseconds UTC (`_ms`) or seconds (`_s`), positions "
        "(lon, lat) in WGS84 degrees. A command carries the caller's `command_id`; a retry "
        "carries the same one and gets the same answer. Refusals are problem documents.",
        generate_unique_id_function=lambda route: route.name,
        redoc_url=None,
        docs_url=None,
        openapi_url="/v1/openapi.json",
        redirect_slashes=False,
        lifespan=lifespan,
    )
    for routes in ROUTERS:
        app.include_router(routes.router, prefix="/v1")
    app.include_router(health.router)
    app.include_router(gps.protocol)
    app.add_api_websocket_route("/v1/live", _live)
    app.add_middleware(Limited, limit=settings.body_limit)
    app.add_middleware(OnlyJson)
    app.add_middleware(Counted)
    app.add_middleware(Headers)
    problems.install(app)
    require_roles(app)
    app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign]
    return app


async def _live(socket: WebSocket, ticket: Annotated[str, Query(max_length=200)] = "") -> None:
    """The live socket; a one-use ticket says who it is."""
    sockets: Sockets = socket.app.state.sockets
    await sockets.serve(socket, ticket)


@asynccontextmanager
async def _running(services: Services, app: FastAPI) -> AsyncIterator[None]:
    """The feed and the sockets' beat, for as long as the application serves."""
    places: dict[str, tuple[str, str]] = {}
    await _learn(services, places)
    wall = Wall(
        services.region.zones.values(),
        services.region.face.wall_population_limit,
        places,
        secrets.token_bytes(32),
    )
    feed = Feed(services.registry, World(), services.clock, wall, services.region.face.zones)
    planner = PlannerWatch(services.registry, services.clock)
    await planner.look()
    sockets = Sockets(services, feed, planner)
    app.state.feed, app.state.sockets, app.state.planner = feed, sockets, planner
    learning = _keep_learning(services, places)
    works = (feed.run(), planner.run(), sockets.beat(), sockets.watch(), learning)
    tasks = [asyncio.create_task(work) for work in works]
    for task in tasks:
        task.add_done_callback(_ended)
    try:
        yield
    finally:
        sockets.leave()
        await end_tasks(set(tasks))


async def _learn(services: Services, places: dict[str, tuple[str, str]]) -> None:
    """The name and zone of every facility, for the wall."""
    facilities = await services.directory.facilities()
    places.update({place.id: (place.name, place.zone) for place in facilities})


async def _keep_learning(services: Services, places: dict[str, tuple[str, str]]) -> None:
    """Facilities come and change while the wall hangs there."""
    while True:
        await asyncio.sleep(PLACES_EVERY_S)
        with contextlib.suppress(*DATABASE_ERRORS):
            await _learn(services, places)


def _ended(task: "asyncio.Task[None]") -> None:
    """The feed never ends by itself: say so loudly; /readyz shows it as missing."""
    if not task.cancelled() and (error := task.exception()):
        _log.error("live feed ended", error=type(error).__name__, exc_info=error)
