"""The application: doors, order of protection, and its OpenAPI document."""

from functools import partial

from fastapi import APIRouter, FastAPI

from api import openapi, problems
from api.live.world import World
from api.routes import live, pad, referrals, region, requests, resources, session
from api.services import Services, Settings
from api.who import require_roles

ROUTERS = (session, region, requests, resources, pad, referrals, live)


def create_app(services: Services) -> FastAPI:
    """The doors over `services`. Raises ValueError if a door does not say who may pass."""
    app = doors(services.settings)
    app.state.services = services
    app.state.world = World()
    return app


def doors(settings: Settings) -> FastAPI:
    """Every door with nothing behind it: enough for the OpenAPI document."""
    app = FastAPI(
        title="caretower",
        version="1",
        summary="Crisis care: what is free, what would be best, what was promised.",
        generate_unique_id_function=lambda route: route.name,
        max_body_size=settings.body_limit,
        redoc_url=None,
        docs_url=None,
        openapi_url="/v1/openapi.json",
    )
    v1 = APIRouter(prefix="/v1")
    for routes in ROUTERS:
        v1.include_router(routes.router)
    app.include_router(v1)
    problems.install(app)
    require_roles(app)
    app.openapi = partial(openapi.describe, app)  # type: ignore[method-assign]
    return app
