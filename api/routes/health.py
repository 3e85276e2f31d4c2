"""Alive, ready, and figures for operators. Nothing here names anybody."""

import asyncio
import secrets
from ipaddress import ip_address
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.errors import NotAuthenticated, PartMissing
from api.live.feed import Feed
from api.metrics import FEED_AGE, TASKS
from api.schemas.health import Alive, Readiness
from api.who import Credentials, Parts, Planner, anyone, the_feed
from registry.errors import RegistryError

router = APIRouter(tags=["health"], dependencies=[Depends(anyone)])


@router.get("/livez")
async def livez() -> Alive:
    """The process answers."""
    return Alive(alive=True)


@router.get("/readyz", responses={503: {"model": Readiness}})
async def readyz(
    parts: Parts,
    feed: Annotated[Feed, Depends(the_feed)],
    planner: Planner,
    response: Response,
) -> Readiness:
    """Whether every part answers, and which does not; without its planner the api still serves."""
    found: dict[str, Literal["ready", "missing", "late"]] = {
        "registry": "ready" if await _registry(parts) else "missing",
        "record": "ready" if await _record(parts) else "missing",
        "feed": "ready" if feed.live else "missing",
        "planner": "ready" if planner.late_since_ms is None else "late",
    }
    ready = "missing" not in found.values()
    response.status_code = 200 if ready else 503
    return Readiness(ready=ready, parts=found)


@router.get("/metrics", response_class=Response)
async def metrics(
    request: Request,
    credentials: Credentials,
    parts: Parts,
    feed: Annotated[Feed, Depends(the_feed)],
) -> Response:
    """Prometheus text, for this machine or whoever has the token of the settings."""
    token = parts.settings.metrics_token
    if not _local(request) and not _knows(credentials, token):
        raise NotAuthenticated("figures are for this machine, or for whoever has their token")
    TASKS.set(len(asyncio.all_tasks()))
    FEED_AGE.set((parts.clock() - feed.heard_ms) / 1000)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _local(request: Request) -> bool:
    """Whether the call comes from this machine and was not carried here for another."""
    host = request.client.host if request.client else ""
    carried = {"forwarded", "x-forwarded-for"} & set(request.headers.keys())
    try:
        return not carried and ip_address(host).is_loopback
    except ValueError:
        return False


def _knows(credentials: Credentials, token: str | None) -> bool:
    said = credentials.credentials if credentials else ""
    return token is not None and secrets.compare_digest(said.encode(), token.encode())


async def _registry(parts: Parts) -> bool:
    try:
        await parts.registry.ping()
    except RegistryError:
        return False
    return True


async def _record(parts: Parts) -> bool:
    try:
        await parts.identity.ping()
    except PartMissing:
        return False
    return True
