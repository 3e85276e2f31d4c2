"""The field: the packet, check-ins on scene, and calls for help."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api import scope
from api.acting import actor_of
from api.roles import CONTROL, Caller, Role
from api.schemas import field as edge
from api.schemas.edge import Uuid
from api.schemas.requests import Done
from api.sense import Sensible
from api.translate import field as inside
from api.translate.requests import done_of
from api.who import May, Now, Parts
from dispatch import commands

router = APIRouter(tags=["field"], route_class=Sensible)
RequestId = Annotated[Uuid, Path(alias="request")]
PanicId = Annotated[Uuid, Path(alias="panic")]
Control = Annotated[Caller, Depends(May(*CONTROL))]
Field = Annotated[Caller, Depends(May(Role.FIELD))]
ControlOrField = Annotated[Caller, Depends(May(*CONTROL, Role.FIELD))]


@router.get("/requests/{request}/packet")
async def read_packet(request: RequestId, caller: Field, parts: Parts, world: Now) -> edge.Packet:
    """What the unit that goes there must know, hazards first; the reading is in the audit."""
    scope.own_request(caller, world, request)
    known = await parts.dispatch.packet(actor_of(caller), request)
    return inside.packet_of(known, driver=caller.drives)


@router.post("/requests/{request}/all-well")
async def all_well(
    request: RequestId, body: edge.AllWell, caller: ControlOrField, parts: Parts
) -> Done:
    """The crew on scene is well: the check-in clock begins anew."""
    wish = commands.AllWell(
        body.command_id, request, body.by_name or caller.name, body.by_phone, body.at_ms
    )
    return scope.for_role(caller, done_of(await parts.dispatch.all_well(actor_of(caller), wish)))


@router.post("/requests/{request}/check-in-taken")
async def take_check_in(
    request: RequestId, body: edge.TakeCheckIn, caller: Control, parts: Parts
) -> Done:
    """The caller sees to an overdue check-in and calls the crew."""
    wish = commands.TakeCheckIn(body.command_id, request)
    return done_of(await parts.dispatch.take_check_in(actor_of(caller), wish))


@router.post("/panics", status_code=201)
async def press_panic(
    body: edge.PressPanic, caller: ControlOrField, parts: Parts, world: Now
) -> edge.Panic:
    """A unit calls for help: dispatch and supervisors are told at once."""
    scope.own_unit(caller, world, body.kind, body.unit)
    wish = commands.PressPanic(body.command_id, body.panic, body.kind, body.unit, body.at_ms)
    return inside.panic_of(await parts.dispatch.panics.press(actor_of(caller), wish))


@router.post("/panics/{panic}/acknowledge")
async def acknowledge_panic(
    panic: PanicId, body: edge.AcknowledgePanic, caller: Control, parts: Parts
) -> edge.Panic:
    """The caller sees to it; the crew reads the name."""
    wish = commands.AcknowledgePanic(body.command_id, panic)
    return inside.panic_of(await parts.dispatch.panics.acknowledge(actor_of(caller), wish))


@router.post("/panics/{panic}/end")
async def end_panic(
    panic: PanicId, body: edge.EndPanic, caller: Control, parts: Parts
) -> edge.Panic:
    """The crew is safe or was helped; the note says what was found."""
    wish = commands.EndPanic(body.command_id, panic, body.note)
    return inside.panic_of(await parts.dispatch.panics.end(actor_of(caller), wish))
