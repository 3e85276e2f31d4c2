"""What a bundle must be before it is claimed, and what is claimed of it. Pure.

The claiming itself is hold (registry) → promise (SQL) → apply (registry), in `dispatch`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dispatch.errors import Invalid, Refused
from dispatch.request import MINORS, SELF, Bundle, CrisisRequest
from dispatch.words import Need
from registry.port import Claim, Effect, HoldCommand, Snapshot

HOLD_S = 30
"""How long the hold may wait for the promise: longer than any SQL statement may take."""

MUST_TAKE = MINORS | {"involuntary"}
"""What a place must say that it takes: no reason of a person replaces age or legal status."""

Key = tuple[str, str]


def accepting(
    before: CrisisRequest, bundle: Bundle, snapshot: Snapshot, *, override: bool
) -> CrisisRequest:
    """The request with this bundle as its plan.

    Raises:
        Refused: a resource is unknown, or declined this person before (an override may ask again).
        Invalid: the bundle contradicts itself or the needs.
    """
    _check(bundle, before, snapshot)
    facility = snapshot.pools[bundle.pool].facility if bundle.pool else None
    if not override:
        if bundle.team in before.excluded_teams:
            raise Refused("team", str(bundle.team), "declined_before")
        if facility in before.excluded_facilities:
            raise Refused("pool", str(bundle.pool), "declined_before")
        if before.needs.team and bundle.team is None:
            raise Invalid("a team is needed: going without one is an override")
    return replace(before, plan=bundle, facility=facility)


def asking(before: CrisisRequest, wish: Bundle, snapshot: Snapshot) -> CrisisRequest:
    """The request whose place (and van, where one is planned) is needed from now on.

    Without a named place the planned one is meant. Raises Refused, Invalid.
    """
    planned = before.plan
    place = wish if wish.place else planned
    if place.place is None:
        raise Invalid("which place? none is planned")
    plan = replace(
        planned,
        pool=place.pool,
        slot=place.slot,
        van=wish.van or planned.van,
        backup=wish.backup or (planned.backup if planned.backup != place.pool else None),
    )
    _check(plan, before, snapshot)
    facility = snapshot.pools[plan.pool].facility if plan.pool else None
    if facility in before.excluded_facilities:
        raise Refused("pool", str(plan.pool), "declined_before")
    van = Need.NEEDED if plan.claimed_van else before.needs.van
    needs = replace(before.needs, place=Need.NEEDED, van=van)
    return replace(before, plan=plan, needs=needs, facility=facility)


def hold_command(
    request: str,
    effects: Sequence[Effect],
    seen: Mapping[Key, int],
    diverted: frozenset[Key],
    *,
    command_id: str,
    by: str,
) -> HoldCommand | None:
    """The hold over everything that the effects claim; None when they claim nothing new."""
    claimed = {(effect.kind, effect.id) for effect in effects if isinstance(effect, Claim)}
    wanted = dict(claimed - diverted)
    if not wanted:
        return None
    return HoldCommand(
        hold_id=command_id,
        request=request,
        team=wanted.get("team"),
        van=wanted.get("van"),
        pool=wanted.get("pool"),
        slot=wanted.get("slot"),
        ttl_s=HOLD_S,
        by=by,
        seen={key: version for key, version in seen.items() if key in claimed - diverted},
    )


def committed(bundle: Bundle, request: str, snapshot: Snapshot) -> frozenset[Key]:
    """The units of the bundle that another request has: only a person may divert them."""
    team = snapshot.teams.get(bundle.team or "")
    van = snapshot.vans.get(bundle.claimed_van or "")
    units = {("team", team), ("van", van)}
    return frozenset(
        (kind, unit.id) for kind, unit in units if unit and unit.request not in (None, request)
    )


def room(bundle: Bundle, snapshot: Snapshot) -> dict[str, int]:
    """For each place of the bundle how many promises its last known count can carry at all."""
    carries: dict[str, int] = {}
    if bundle.pool:
        pool = snapshot.pools[bundle.pool]
        carries[bundle.pool] = pool.capacity - pool.occupied - pool.closed
    if bundle.slot:
        carries[bundle.slot] = snapshot.slots[bundle.slot].capacity
    return carries


def _check(bundle: Bundle, request: CrisisRequest, snapshot: Snapshot) -> None:
    if bundle.van == SELF and bundle.team is None:
        raise Invalid("nobody drives: `self` needs a team")
    if bundle.pool and bundle.slot:
        raise Invalid("a bed or an appointment, not both")
    if bundle == Bundle():
        raise Invalid("the bundle is empty")
    named = (
        ("team", bundle.team, snapshot.teams),
        ("van", bundle.claimed_van, snapshot.vans),
        ("pool", bundle.pool, snapshot.pools),
        ("slot", bundle.slot, snapshot.slots),
        ("pool", bundle.backup, snapshot.pools),
    )
    for kind, id_, known in named:
        if id_ is not None and id_ not in known:
            raise Refused(kind, id_, "unknown")
    must_take = request.needs.words & MUST_TAKE
    if request.involuntary:
        must_take |= {"involuntary"}
    for id_ in (bundle.pool, bundle.backup):
        if id_ is not None and not must_take <= set(snapshot.pools[id_].takes):
            raise Refused("pool", id_, "does_not_take")
