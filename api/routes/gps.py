"""Positions of teams and vans: from a fleet's gateway in batches, and from phones one by one."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal
from urllib.parse import parse_qsl

import msgspec
from fastapi import APIRouter, Depends, Path, Request, Response

from api import osmand, scope
from api.errors import BadInput, Forbidden, Unknown, Unreadable
from api.metrics import POSITIONS
from api.roles import Caller, Role
from api.schemas import gps as edge
from api.schemas.edge import Id
from api.sense import Sensible
from api.services import Services
from api.who import May, Now, Parts, anyone
from registry.port import PositionVerdict, UnitPosition

router = APIRouter(tags=["gps"], route_class=Sensible)
protocol = APIRouter(tags=["gps"], dependencies=[Depends(anyone)])
Supervisor = Annotated[Caller, Depends(May(Role.SUPERVISOR))]
SupervisorOrField = Annotated[Caller, Depends(May(Role.SUPERVISOR, Role.FIELD))]

NONSENSE = frozenset({"future", "outside", "inexact", "unknown", "invalid"})
"""A batch of nothing else was not meant."""
FORM = "application/x-www-form-urlencoded"


class _Point(UnitPosition, frozen=True, forbid_unknown_fields=True, gc=False):
    kind: Literal["team", "van"]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    at_ms: Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800_000)]
    accuracy_m: Annotated[float, msgspec.Meta(ge=0)] | None = None


class _Report(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    positions: Annotated[list[_Point], msgspec.Meta(min_length=1, max_length=5_000)]


_REPORT = msgspec.json.Decoder(_Report)
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/PositionReport"}}
        },
    }
}


@router.post("/positions", response_model=edge.PositionVerdicts, openapi_extra=_BODY)
async def report_positions(request: Request, caller: SupervisorOrField, parts: Parts) -> Response:
    """Where units are. Points that cannot be true are ignored; a batch of nothing else is refused.

    It is read by a quicker decoder than other bodies, for thousands of vehicles report each second.
    """
    report = _read(await request.body())
    parts.vocabulary.check_code("position_source", report.source)
    points = report.positions
    if caller.role is Role.FIELD and {(p.kind, p.id) for p in points} != {caller.unit}:
        raise Forbidden(scope.FOREIGN)
    verdicts, counts = await _take(parts, points, report.source)
    if NONSENSE.issuperset(counts):
        told = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
        raise BadInput(f"no point of this report can be true: {told}")
    return Response(msgspec.json.encode({"items": verdicts}), media_type="application/json")


@router.get("/positions/counts")
async def count_positions(_: Supervisor, parts: Parts) -> edge.PositionCounts:
    """How many points were taken, and how many ignored and why, by source."""
    counts = await parts.registry.position_counts()
    items = [
        edge.PositionCount(source=source, verdict=verdict, count=count)
        for (source, verdict), count in sorted(counts.items())
    ]
    return edge.PositionCounts(items=items)


@router.post("/trackers", status_code=201)
async def make_tracker(
    body: edge.NewTracker, caller: Supervisor, parts: Parts, world: Now
) -> edge.TrackerMade:
    """A key for a device that reports one unit's position. It is shown once and can be revoked."""
    if world.get(body.kind, body.unit) is None:
        raise Unknown(f"no {body.kind} {body.unit}")
    tracker, key = await parts.trackers.make(
        body.name, body.kind, body.unit, caller, body.command_id
    )
    made = edge.Tracker.model_validate(tracker)
    return edge.TrackerMade(**made.model_dump(), key=key)


@router.get("/trackers")
async def list_trackers(_: Supervisor, parts: Parts) -> edge.Trackers:
    """The devices whose keys are good."""
    found = await parts.trackers.all()
    return edge.Trackers(items=[edge.Tracker.model_validate(one) for one in found])


@router.delete("/trackers/{tracker}", status_code=204)
async def revoke_tracker(tracker: Annotated[Id, Path()], caller: Supervisor, parts: Parts) -> None:
    """Whoever has the key reports nothing any more, within ten seconds."""
    await parts.trackers.revoke(tracker, caller)


@protocol.get("/gps", response_class=Response)
async def osmand_get(request: Request, parts: Parts) -> Response:
    """The OsmAnd protocol: `id` (the device's key), `lat`, `lon`, `timestamp` and more."""
    told = osmand.from_parameters(request.query_params)
    return await _hear(request, parts, told, "osmand")


@protocol.post("/gps", response_class=Response)
async def osmand_post(request: Request, parts: Parts) -> Response:
    """The same by POST: parameters in the address or as a form, or Traccar Client's JSON."""
    body = await request.body()
    given = dict(request.query_params)
    if not given and request.headers.get("content-type", "").startswith(FORM):
        given = dict(parse_qsl(body.decode("ascii", "replace")))
    if given:
        told = osmand.from_parameters(given)
        return await _hear(request, parts, told, "osmand")
    told = osmand.from_json(body)
    return await _hear(request, parts, told, "traccar")


async def _hear(request: Request, parts: Services, told: osmand.Message, source: str) -> Response:
    """Every point of a known device is answered by 200, or its app would send it for ever."""
    client = request.client.host if request.client else "unknown"
    tracker = await parts.trackers.of_key(told.key, client)
    now_ms = parts.clock()
    points = [
        UnitPosition(
            tracker.kind,
            tracker.unit,
            one.lon,
            one.lat,
            now_ms if one.at_ms is None else one.at_ms,
            one.accuracy_m,
        )
        for one in told.points
    ]
    await _take(parts, points, source)
    return Response(status_code=200)


async def _take(
    parts: Services, points: Sequence[UnitPosition], source: str
) -> tuple[list[PositionVerdict], Counter[str]]:
    """What became of each point, and how many had which verdict."""
    verdicts = await parts.registry.report_positions(points, source, parts.gps_limits)
    counts: Counter[str] = Counter([one.verdict for one in verdicts])
    for verdict, count in counts.items():
        POSITIONS.labels(source, verdict).inc(count)
    return verdicts, counts


def _read(body: bytes) -> _Report:
    try:
        return _REPORT.decode(body)
    except msgspec.ValidationError as error:
        _, _, where = str(error).rpartition(" - at `")
        raise BadInput(f"not as the document has it: {where.rstrip('`') or 'the body'}") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreadable("the body cannot be read") from None
