"""Roads that are closed or slow, and who is within so many minutes of a place."""

import asyncio
import json
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Depends, Path

from api.acting import actor_of
from api.errors import BadInput, Conflict, Forbidden
from api.reach import Reach, reach
from api.roles import CONTROL, Caller, Role
from api.schemas import roads as edge
from api.schemas.edge import Uuid
from api.sense import Sensible, on_map
from api.services import Services
from api.ways import moving, short_of, ways
from api.who import May, Now, Parts
from dispatch import commands
from dispatch.road_closure import RoadClosure
from geo.closures import BadClosure, closure_area
from geo.points import Point

router = APIRouter(tags=["roads"], route_class=Sensible)
ClosureId = Annotated[Uuid, Path(alias="closure")]
Control = Annotated[Caller, Depends(May(*CONTROL))]
ControlOrWall = Annotated[Caller, Depends(May(*CONTROL, Role.WALL))]


@router.get("/closures")
async def list_closures(_: Control, parts: Parts) -> edge.Closures:
    """Closures that have not ended, those to come included."""
    return edge.Closures(items=[_face(one) for one in await parts.dispatch.closures.open()])


@router.put("/closures/{closure}")
async def put_closure(
    closure: ClosureId, body: edge.PutClosure, caller: Control, parts: Parts
) -> edge.Closure:
    """Close or slow roads until a time: the planner heeds it in its next plan."""
    if not parts.region.has_roads:
        raise Conflict("this region has no roads of its own: a closure would change nothing")
    area = body.area.model_dump()
    _on_map(parts, area)
    wish = commands.PutClosure(
        body.command_id,
        closure,
        area,
        body.slowdown,
        body.reason,
        body.until_ms,
        body.from_ms,
        body.note,
    )
    return _face(await parts.dispatch.closures.put(actor_of(caller), wish))


@router.post("/closures/{closure}/lift")
async def lift_closure(
    closure: ClosureId, body: edge.LiftClosure, caller: Control, parts: Parts
) -> edge.Closure:
    """The roads are open again."""
    wish = commands.LiftClosure(body.command_id, closure)
    return _face(await parts.dispatch.closures.lift(actor_of(caller), wish))


@router.post("/isochrones")
async def ask_reach(
    body: edge.AskReach, caller: ControlOrWall, parts: Parts, world: Now
) -> edge.ReachAnswer:
    """From where a place is reached in time, and the teams within. A wall asks no position."""
    wall = caller.role is Role.WALL
    if wall and body.at is not None:
        raise Forbidden("a wall asks about facilities and zones only")
    to = await _place(parts, body)
    teams = {} if wall else dict(world.of("team"))
    found = await asyncio.to_thread(
        lambda: reach(
            parts.travel(), dict(world.of("closure")), teams, to, body.limits_s, parts.clock()
        )
    )
    return _answer(found)


@router.post("/routes")
async def ask_ways(body: edge.AskWays, _: Control, parts: Parts, world: Now) -> edge.Ways:
    """The way of each leg by the roads as they are now."""
    legs = [(_point(parts, leg.start), _point(parts, leg.end)) for leg in body.legs]
    found = await asyncio.to_thread(
        lambda: ways(parts.travel(), dict(world.of("closure")), legs, parts.clock())
    )
    return edge.Ways(items=[None if one is None else edge.Way.model_validate(one) for one in found])


@router.get("/routes")
async def read_moving(_: Control, parts: Parts, world: Now) -> edge.MovingWays:
    """The ways of all units under way; one to a person ends a kilometre before the address."""
    legs = list(moving(world, await parts.dispatch.open_requests()))
    closures = dict(world.of("closure"))
    found = await asyncio.to_thread(
        lambda: ways(
            parts.travel(), closures, [(leg.start, leg.end) for leg in legs], parts.clock()
        )
    )
    return edge.MovingWays(
        items=[
            edge.MovingWay(
                kind=leg.kind,
                unit=leg.unit,
                request=leg.request,
                to=leg.to,
                line=short_of(way.line, leg.end) if leg.to == "person" else way.line,
                seconds=way.seconds,
            )
            for leg, way in zip(legs, found, strict=True)
            if way is not None
        ]
    )


def _point(parts: Services, spot: edge.Spot) -> Point:
    on_map(parts, spot.lon, spot.lat, "the place")
    return Point(spot.lon, spot.lat)


async def _place(parts: Services, body: edge.AskReach) -> Point:
    if body.at is not None:
        on_map(parts, body.at.lon, body.at.lat, "the place")
        return Point(body.at.lon, body.at.lat)
    if body.facility is not None:
        facility = await parts.directory.facility(body.facility)
        if facility is None:
            raise BadInput("the directory has no such facility")
        return Point(facility.lon, facility.lat)
    zone = parts.region.zones[body.zone or ""]
    return Point(zone.lon, zone.lat)


def _on_map(parts: Services, area: dict[str, Any]) -> None:
    """Raises BadInput when the shape is none, or lies elsewhere."""
    try:
        west, south, east, north = closure_area(area).bounds
    except BadClosure as error:
        raise BadInput(str(error)) from error
    for lon, lat in ((west, south), (east, north)):
        on_map(parts, lon, lat, "the closure")


def _face(closure: RoadClosure) -> edge.Closure:
    return edge.Closure.model_validate(closure)


def _answer(found: Reach) -> edge.ReachAnswer:
    guessed = any(area.quality == "estimate" for area in found.areas)
    return edge.ReachAnswer(
        engine=found.engine,
        quality="estimate" if guessed else "road",
        areas=[
            edge.Area(limit_s=int(one.limit_s), area=json.loads(shapely.to_geojson(one.area)))
            for one in found.areas
        ],
        teams=[edge.Within(id=id, seconds=round(took)) for id, took in found.teams],
    )
