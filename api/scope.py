"""Whose it is: a facility, unit or provider reaches its own only.

Each function raises `Unknown` where there is no such thing and `Forbidden` where it is foreign.
"""

from api.errors import Forbidden, Unknown
from api.live.audiences.law import is_shared
from api.live.audiences.pad import comes_to
from api.live.world import World
from api.roles import CONTROL, Caller, Role
from api.schemas.requests import Done

FOREIGN = "it belongs to somebody else"


def own_pool(caller: Caller, world: World, pool: str) -> None:
    found = world.get("pool", pool)
    if found is None:
        raise Unknown(f"no pool {pool}")
    if caller.role is Role.FACILITY and found["facility"] != caller.scope:
        raise Forbidden(FOREIGN)


def own_unit(caller: Caller, world: World, kind: str, unit: str) -> None:
    if world.get(kind, unit) is None:
        raise Unknown(f"no {kind} {unit}")
    if caller.role is Role.FIELD and caller.unit != (kind, unit):
        raise Forbidden(FOREIGN)


def own_slot(caller: Caller, provider: str) -> None:
    if caller.role is Role.PROVIDER and provider != caller.scope:
        raise Forbidden(FOREIGN)


def own_request(caller: Caller, world: World, request: str) -> None:
    """A crew reaches the request that its unit has now; dispatchers reach every one."""
    if caller.role is not Role.FIELD:
        return
    unit = world.get(*caller.unit) if caller.unit else None
    if unit is None or unit["request"] != request:
        raise Forbidden("not this unit's request")


def may_read_all(caller: Caller) -> None:
    """A driver reads the packet: place, safety and the ride."""
    if caller.drives:
        raise Forbidden("a driver reads the packet")


def own_incoming(caller: Caller, world: World, request: str) -> None:
    """A facility reaches the requests that are on their way to one of its pools."""
    if caller.role is not Role.FACILITY:
        return
    card = world.get("request", request)
    if card is None or not comes_to(caller.scope or "", card, world):
        raise Forbidden("nobody on the way to this facility")


def known_request(world: World, request: str) -> None:
    if world.get("request", request) is None:
        raise Unknown("no such open request")


def shared_request(world: World, request: str) -> None:
    """Law enforcement cannot tell a request that is not shared from one that is not there."""
    card = world.get("request", request)
    if card is None or not is_shared(card):
        raise Unknown("no such request was shared")


def for_role(caller: Caller, done: Done) -> Done:
    """The answer without the card where the caller may not see all of it."""
    sees_all = caller.role in CONTROL or (caller.role is Role.FIELD and not caller.drives)
    return done if sees_all else done.model_copy(update={"card": None})
