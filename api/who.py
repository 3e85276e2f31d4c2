"""Who may: each door names its roles, and a door that names none is refused at start."""

from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.errors import Forbidden, NotAuthenticated, PartMissing
from api.live.feed import Feed
from api.live.world import World
from api.roles import Caller, Role
from api.services import Services
from dispatch.planning.signs import PlannerWatch

bearer = HTTPBearer(auto_error=False, scheme_name="token", description="POST /v1/sessions")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def services_of(request: Request) -> Services:
    return cast("Services", request.app.state.services)


async def the_services(request: Request) -> Services:
    return services_of(request)


async def the_feed(request: Request) -> Feed:
    return cast("Feed", request.app.state.feed)


async def the_world(request: Request) -> World:
    """What this process knows, with all that was answered before it was asked.

    Raises PartMissing before it knows anything.
    """
    feed = await the_feed(request)
    if not feed.heard_ms:
        raise PartMissing("the live feed has not begun; try again")
    await feed.caught_up()
    return feed.world


async def the_planner(request: Request) -> PlannerWatch:
    return cast("PlannerWatch", request.app.state.planner)


Parts = Annotated[Services, Depends(the_services)]
Now = Annotated[World, Depends(the_world)]
Planner = Annotated[PlannerWatch, Depends(the_planner)]


class May:
    """A dependency that lets some roles pass and answers who it was."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, request: Request, credentials: Credentials) -> Caller:
        if credentials is None:
            raise NotAuthenticated("no token")
        caller = await services_of(request).identity.verify(credentials.credentials)
        if caller.role not in self.roles:
            raise Forbidden(f"not for the role {caller.role}")
        return caller


class Anyone:
    """The mark of a door that needs no token."""

    async def __call__(self) -> None:
        return None


anyone = Anyone()


def roles_of(route: APIRoute | RouteContext) -> frozenset[Role] | None:
    """The roles that may pass `route`; every role for an open door; None if nothing is said."""
    for call in _calls(route.dependant):
        if isinstance(call, May):
            return call.roles
        if isinstance(call, Anyone):
            return frozenset(Role)
    return None


def require_roles(app: FastAPI) -> None:
    """Raises ValueError naming the first door that does not say who may pass."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and roles_of(route) is None:
            raise ValueError(f"{route.path} does not say who may")


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for child in dependant.dependencies:
        yield from _calls(child)
