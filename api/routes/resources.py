"""Teams, vans, pools and slots: what is true now, and the reports that change it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api import scope
from api.acting import fact_id
from api.defining import check_pool, check_slot, check_unit, definition
from api.errors import Conflict
from api.roles import CONTROL, Caller, Role
from api.schemas import resources as edge
from api.schemas.edge import Command, Id
from api.sense import Sensible
from api.services import Services
from api.who import May, Now, Parts
from registry.port import Counted, Counts
from registry.states import Pool, Slot, Team, UnitStatus, Van

router = APIRouter(tags=["resources"], route_class=Sensible)
ResourceId = Annotated[Id, Path(alias="id")]
Control = Annotated[Caller, Depends(May(*CONTROL))]
ControlOrField = Annotated[Caller, Depends(May(*CONTROL, Role.FIELD))]
ControlOrFacility = Annotated[Caller, Depends(May(*CONTROL, Role.FACILITY))]
ControlOrProvider = Annotated[Caller, Depends(May(*CONTROL, Role.PROVIDER))]
Supervisor = Annotated[Caller, Depends(May(Role.SUPERVISOR))]
SupervisorOrProvider = Annotated[Caller, Depends(May(Role.SUPERVISOR, Role.PROVIDER))]


@router.get("/teams")
async def list_teams(_: Control, parts: Parts, world: Now) -> edge.Teams:
    """Mobile crisis teams as they are now."""
    items = list(world.of("team").values())
    return edge.Teams.model_validate({"server_ms": parts.clock(), "items": items})


@router.get("/vans")
async def list_vans(_: Control, parts: Parts, world: Now) -> edge.Vans:
    """Transport vans as they are now."""
    items = list(world.of("van").values())
    return edge.Vans.model_validate({"server_ms": parts.clock(), "items": items})


@router.get("/pools")
async def list_pools(caller: ControlOrFacility, parts: Parts, world: Now) -> edge.Pools:
    """Bed pools as they are now; a facility sees its own."""
    pools = world.of("pool").values()
    own = caller.scope if caller.role is Role.FACILITY else None
    items = [pool for pool in pools if own in (None, pool["facility"])]
    return edge.Pools.model_validate({"server_ms": parts.clock(), "items": items})


@router.get("/slots")
async def list_slots(caller: ControlOrProvider, parts: Parts, world: Now) -> edge.Slots:
    """Appointment slots as they are now; a provider sees its own."""
    slots = world.of("slot").values()
    own = caller.scope if caller.role is Role.PROVIDER else None
    items = [slot for slot in slots if own in (None, slot["provider"])]
    return edge.Slots.model_validate({"server_ms": parts.clock(), "items": items})


@router.put("/teams/{id}")
async def define_team(
    team: ResourceId, body: edge.TeamDefinition, caller: Supervisor, parts: Parts
) -> edge.Team:
    """Define a team; its position, status and promises stay."""
    fact = fact_id(caller, "define_team", team, body.command_id)
    check_unit(parts, body)
    wish = definition(Team, team, body)
    return edge.Team.model_validate(await parts.registry.put(wish, fact))


@router.put("/vans/{id}")
async def define_van(
    van: ResourceId, body: edge.VanDefinition, caller: Supervisor, parts: Parts
) -> edge.Van:
    """Define a van; its position, status and promises stay."""
    fact = fact_id(caller, "define_van", van, body.command_id)
    check_unit(parts, body)
    wish = definition(Van, van, body)
    return edge.Van.model_validate(await parts.registry.put(wish, fact))


@router.put("/pools/{id}")
async def define_pool(
    pool: ResourceId, body: edge.PoolDefinition, caller: Supervisor, parts: Parts
) -> edge.Pool:
    """Define a pool; its counts and promises stay."""
    fact = fact_id(caller, "define_pool", pool, body.command_id)
    check_pool(parts, body)
    wish = definition(Pool, pool, body)
    return edge.Pool.model_validate(await parts.registry.put(wish, fact))


@router.put("/slots/{id}")
async def define_slot(
    slot: ResourceId,
    body: edge.SlotDefinition,
    caller: SupervisorOrProvider,
    parts: Parts,
    world: Now,
) -> edge.Slot:
    """Offer an appointment slot; a provider offers its own."""
    fact = fact_id(caller, "define_slot", slot, body.command_id)
    scope.own_slot(caller, body.provider)
    existing = world.get("slot", slot)
    if existing is not None:
        scope.own_slot(caller, existing["provider"])
    check_slot(parts, body)
    wish = definition(Slot, slot, body)
    return edge.Slot.model_validate(await parts.registry.put(wish, fact))


def _counted(counted: Counted) -> edge.Counted:
    return edge.Counted(
        pool=edge.Pool.model_validate(counted.pool),
        overcommitted=counted.pool.overcommitted,
        holds=list(counted.holds),
        requests=list(counted.requests),
        late=counted.late,
    )


@router.post("/pools/{id}/counts")
async def report_counts(
    pool: ResourceId, body: edge.CountReport, caller: ControlOrFacility, parts: Parts, world: Now
) -> edge.Counted:
    """A facility's own count: always taken, also where it contradicts what was promised."""
    fact = fact_id(caller, "report_counts", pool, body.command_id)
    scope.own_pool(caller, world, pool)
    counts = Counts(body.occupied, body.closed, body.capacity)
    return _counted(await parts.registry.report_counts(pool, counts, body.at_ms, fact))


@router.post("/pools/{id}/walk-in")
async def walk_in(
    pool: ResourceId, body: Command, caller: ControlOrFacility, parts: Parts, world: Now
) -> edge.Counted:
    """Somebody came without us and took a bed."""
    fact = fact_id(caller, "walk_in", pool, body.command_id)
    scope.own_pool(caller, world, pool)
    return _counted(await parts.registry.walk_in(pool, fact))


@router.post("/pools/{id}/still-true")
async def still_true(
    pool: ResourceId, body: Command, caller: ControlOrFacility, parts: Parts, world: Now
) -> edge.Pool:
    """Somebody looked: the last count still holds."""
    fact = fact_id(caller, "still_true", pool, body.command_id)
    scope.own_pool(caller, world, pool)
    return edge.Pool.model_validate(await parts.registry.still_true(pool, fact))


@router.post("/pools/{id}/not-true")
async def not_true(
    pool: ResourceId, body: edge.NotTrue, caller: ControlOrFacility, parts: Parts, world: Now
) -> edge.Pool:
    """Undo "still true": the count is as old as it was before."""
    fact = fact_id(caller, "not_true", pool, body.command_id)
    scope.own_pool(caller, world, pool)
    known = await parts.registry.not_true(pool, body.withdrawn_ms, body.former_ms, fact)
    if known.confirmed_ms > body.withdrawn_ms:
        raise Conflict("somebody has counted or confirmed since")
    return edge.Pool.model_validate(known)


@router.post("/pools/{id}/pause")
async def pause_pool(
    pool: ResourceId, body: edge.Pause, caller: ControlOrFacility, parts: Parts, world: Now
) -> edge.Pool:
    """Nothing new comes until it is resumed, or until `until_ms`."""
    fact = fact_id(caller, "pause_pool", pool, body.command_id)
    scope.own_pool(caller, world, pool)
    parts.vocabulary.check_code("pause_reason", body.reason)
    paused = await parts.registry.pause(pool, body.reason, body.until_ms, fact)
    return edge.Pool.model_validate(paused)


@router.post("/pools/{id}/resume")
async def resume_pool(
    pool: ResourceId, body: Command, caller: ControlOrFacility, parts: Parts, world: Now
) -> edge.Pool:
    """The pool gives again."""
    fact = fact_id(caller, "resume_pool", pool, body.command_id)
    scope.own_pool(caller, world, pool)
    return edge.Pool.model_validate(await parts.registry.resume(pool, fact))


@router.post("/teams/{id}/status")
async def report_team_status(
    team: ResourceId, body: edge.StatusReport, caller: ControlOrField, parts: Parts, world: Now
) -> edge.Team:
    """What a team is doing."""
    fact = fact_id(caller, "report_team_status", team, body.command_id)
    scope.own_unit(caller, world, "team", team)
    told = await parts.registry.report_status("team", team, *_status_of(parts, body, fact))
    return edge.Team.model_validate(told)


@router.post("/vans/{id}/status")
async def report_van_status(
    van: ResourceId, body: edge.StatusReport, caller: ControlOrField, parts: Parts, world: Now
) -> edge.Van:
    """What a van is doing."""
    fact = fact_id(caller, "report_van_status", van, body.command_id)
    scope.own_unit(caller, world, "van", van)
    told = await parts.registry.report_status("van", van, *_status_of(parts, body, fact))
    return edge.Van.model_validate(told)


def _status_of(
    parts: Services, body: edge.StatusReport, fact: str
) -> tuple[UnitStatus, str, str | None]:
    if body.reason is not None:
        parts.vocabulary.check_code("out_of_service", body.reason)
    return UnitStatus(body.status), fact, body.reason
