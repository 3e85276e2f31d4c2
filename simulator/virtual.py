"""The driver in virtual time: dispatch's pure parts around the world, no server, no I/O, no clock.

The world's deeds become events of dispatch's own transition table; the policy under study plans
whenever something has happened that somebody waits for; dispatchers send whom it recommends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeAlias

from msgspec.structs import replace as altered

from dispatch import booking
from dispatch.advance import Advance, advance
from dispatch.errors import DispatchError
from dispatch.planning.history import Step
from dispatch.planning.release import Stage, Visit
from dispatch.planning.situation import Situation, why_out
from dispatch.policy import Policy as DispatchRules
from dispatch.request import (
    Bundle,
    CrisisRequest,
    Custody,
    Guardianship,
    Needs,
    Risk,
)
from dispatch.words import (
    CARRIED_OUT,
    WAITING,
    Consent,
    Custodian,
    Escort,
    Event,
    LegalBasis,
    Need,
    Role,
    State,
    Tier,
    Transporter,
    Urgency,
)
from geo.closures import LiveRoads
from registry.laws import recount_pool
from registry.port import Claim, Effect, Free, Occupy, Position, Snapshot, Status
from registry.states import Pool, Team, UnitStatus, Van
from simulator import deeds
from simulator.cases import case_of
from simulator.demand import Call
from simulator.policies import Policy
from simulator.world import World

STANDING_GPS_MS = 30_000
URGENCY = {
    Tier.IMMINENT: Urgency.EMERGENT,
    Tier.HIGH: Urgency.URGENT,
    Tier.MODERATE: Urgency.MODERATE,
    Tier.ROUTINE: Urgency.ROUTINE,
}
STEPS = {
    "en_route": Event.DEPART,
    "on_scene": Event.REACH_PERSON,
    "transporting": Event.LEAVE_WITH_PERSON,
    "arrived": Event.REACH_PLACE,
    "handed_over": Event.HAND_OVER_PERSON,
}
ENDS = {
    "resolved_on_scene": Event.RESOLVE_ON_SCENE,
    "ems_handed_over": Event.HAND_OVER_TO_EMS,
}
DRIVERS = frozenset({Transporter.TEAM, Transporter.VAN, Transporter.LAW_ENFORCEMENT})


RequestDeed: TypeAlias = (
    deeds.GiveUp
    | deeds.CrewAnswers
    | deeds.Step
    | deeds.AskPlace
    | deeds.EndVisit
    | deeds.FacilityAnswers
)
PoolDeed: TypeAlias = deeds.Count | deeds.WalkIn | deeds.StillTrue | deeds.Pause | deeds.Resume


class Log(Protocol):
    """Takes one line for everything that happens."""

    def __call__(self, line: str, /) -> None: ...


@dataclass(slots=True)
class Tally:
    """What is counted during a run. Times in ms, `ended` in the order of ends. `steps` and
    `cleared` are what a record would know of how long visits took."""

    ended: list[CrisisRequest] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    cleared: list[Visit] = field(default_factory=list)
    busy_ms: int = 0
    facility_declines: int = 0
    crew_declines: int = 0
    refused: int = 0
    plans: int = 0
    events: int = 0


class Office:
    """Dispatch in virtual time. `teams`, `vans` and `pools` are the registry's facts, by id."""

    def __init__(
        self,
        world: World,
        policy: Policy,
        rules: DispatchRules,
        roads: LiveRoads,
        log: Log | None = None,
    ) -> None:
        self._world = world
        self._policy = policy
        self._rules = rules
        self._roads = roads
        self._log = log
        self.teams: dict[str, Team] = {}
        self.vans: dict[str, Van] = {}
        self.pools: dict[str, Pool] = {}
        self.requests: dict[str, CrisisRequest] = {}
        self.tally = Tally()
        self._ready: set[str] = set()
        self._busy_since: dict[str, int] = {}
        self._seen_ms = 0
        self._snapshot = Snapshot(
            position=Position(0, 0),
            at_ms=0,
            teams=self.teams,
            vans=self.vans,
            pools=self.pools,
            slots={},
            holds={},
            cards={},
        )

    def open(
        self, teams: Iterable[Team], vans: Iterable[Van], pools: Iterable[Pool], now_ms: int
    ) -> None:
        """Everybody comes on duty."""
        units: list[Team | Van] = [*teams, *vans]
        for unit in units:
            self._keep_unit(altered(unit, lon=unit.base_lon, lat=unit.base_lat), now_ms)
        for pool in pools:
            counted = altered(pool, held=0, reserved=0, confirmed_ms=now_ms, updated_ms=now_ms)
            self._keep_pool(counted, now_ms)

    def run(self, end_ms: int) -> int:
        """Lets everything happen up to this moment; answers when the last thing did."""
        at_ms = 0
        while (next_ms := self._world.next_ms()) is not None and next_ms <= end_ms:
            at_ms = next_ms
            changed = False
            for deed in self._world.due(at_ms):
                changed = self._carry_out(deed, at_ms) or changed
            if changed:
                self._plan(at_ms)
        return at_ms

    def busy_ms(self, now_ms: int) -> int:
        """How long all teams together have had a task."""
        return self.tally.busy_ms + sum(now_ms - since for since in self._busy_since.values())

    # what people do
    def _carry_out(self, deed: deeds.Deed, now_ms: int) -> bool:
        """Whether the deed calls for a new plan."""
        self.tally.events += 1
        if self._log is not None:
            self._log(f"{now_ms} {deed}")
        try:
            return self._do(deed, now_ms)
        except DispatchError as refused:
            self.tally.refused += 1
            if self._log is not None:
                self._log(f"{now_ms} refused: {refused}")
            request = getattr(deed, "request", None)
            if request is not None:
                self._world.again(request, now_ms, 60)
            return False

    def _do(self, deed: deeds.Deed, now_ms: int) -> bool:
        match deed:
            case deeds.Tell(call):
                self._keep(_opened(call, now_ms, self._rules), (), now_ms)
            case deeds.Decide(request) | deeds.SeekPlace(request):
                self._ready.add(request)
            case deeds.RoadsTurnBad(bad):
                self._roads.put(bad.closure)
            case deeds.RoadsRecover(bad):
                self._roads.lift(bad.closure.id)
            case deeds.UnitSays() | deeds.NextShift():
                self._unit_says(deed, now_ms)
            case (
                deeds.Count() | deeds.WalkIn() | deeds.StillTrue() | deeds.Pause() | deeds.Resume()
            ):
                self._pool_says(deed, now_ms)
            case deeds.FollowUp() | deeds.ConfirmRescue():
                return False
            case other:
                self._request_goes_on(other, now_ms)
        return True

    def _request_goes_on(self, deed: RequestDeed, now_ms: int) -> None:
        match deed:
            case deeds.GiveUp(request):
                self._advance(request, Event.RESOLVE_BY_PHONE, Role.DISPATCHER, now_ms)
            case deeds.CrewAnswers(request, declines):
                self._crew_answers(request, declines, now_ms)
            case deeds.Step(request, step):
                self._advance(request, STEPS[step], Role.FIELD, now_ms)
            case deeds.AskPlace(request, by_van):
                self._needs_place(request, by_van=by_van, now_ms=now_ms)
            case deeds.EndVisit(request, outcome):
                self._advance(request, ENDS[outcome], Role.FIELD, now_ms)
            case deeds.FacilityAnswers(request, _, declines):
                self._facility_answers(request, declines, now_ms)

    def _unit_says(self, deed: deeds.UnitSays | deeds.NextShift, now_ms: int) -> None:
        known = self._unit(deed.kind, deed.unit)
        if known.status is UnitStatus.CLEARING:
            lasted_s = (now_ms - known.changed_ms) / 1000
            self.tally.cleared.append(Visit(Stage.CLEAR, None, None, lasted_s))
        match deed:
            case deeds.UnitSays():
                said = altered(known, status=deed.status)
            case deeds.NextShift():
                said = altered(known, shift_start_ms=deed.start_ms, shift_end_ms=deed.end_ms)
        self._keep_unit(said, now_ms)

    def _pool_says(self, deed: PoolDeed, now_ms: int) -> None:
        known = self.pools[deed.pool]
        match deed:
            case deeds.Count(_, occupied, closed):
                known = altered(known, occupied=occupied, closed=closed)
            case deeds.WalkIn():
                known = altered(known, occupied=known.occupied + 1)
            case deeds.Pause(_, reason, until_ms):
                known = altered(known, paused=True, pause_reason=reason, pause_until_ms=until_ms)
            case deeds.Resume():
                known = altered(known, paused=False, pause_reason=None, pause_until_ms=None)
            case deeds.StillTrue():
                pass
        self._keep_pool(altered(known, confirmed_ms=now_ms, updated_ms=now_ms), now_ms)

    def _crew_answers(self, request: str, declines: str | None, now_ms: int) -> None:
        if declines is None:
            self._advance(request, Event.CREW_ACKNOWLEDGE, Role.FIELD, now_ms)
            return
        before = self.requests[request]
        excluded = before.excluded_teams | ({before.held.team} if before.held.team else set())
        moved = advance(before, Event.CREW_DECLINE, Role.FIELD, now_ms, self._rules.clocks)
        self.tally.crew_declines += 1
        self._keep(replace(moved.request, excluded_teams=excluded), moved.effects, now_ms)

    def _facility_answers(self, request: str, declines: str | None, now_ms: int) -> None:
        if declines is None:
            self._advance(request, Event.FACILITY_ACCEPT, Role.FACILITY, now_ms)
            return
        before = self.requests[request]
        crew_goes_on = before.held.team is not None or before.reached_ms is not None
        event = Event.FACILITY_DECLINE if crew_goes_on else Event.FACILITY_DECLINE_WITHOUT_CREW
        moved = advance(before, event, Role.FACILITY, now_ms, self._rules.clocks)
        excluded = before.excluded_facilities | ({before.facility} if before.facility else set())
        self.tally.facility_declines += 1
        after = replace(moved.request, excluded_facilities=excluded)
        self._keep(after, moved.effects, now_ms)
        self._ask_backup(after, now_ms)

    def _ask_backup(self, request: CrisisRequest, now_ms: int) -> None:
        """The backup is asked by rule, if it still has room."""
        backup = self.pools.get(request.plan.backup or "")
        if request.needs_place_now and backup is not None and backup.free > 0:
            self._ask(request, Bundle(pool=backup.id), now_ms)

    def _needs_place(self, request: str, *, by_van: bool, now_ms: int) -> None:
        """The crew says that a place is needed (and a van): the next plan says which."""
        before = self.requests[request]
        van = Need.NEEDED if by_van else before.needs.van
        needs = replace(before.needs, place=Need.NEEDED, van=van)
        moved = advance(
            replace(before, needs=needs), Event.TRIAGE, Role.DISPATCHER, now_ms, self._rules.clocks
        )
        self._keep(moved.request, moved.effects, now_ms)
        self._ready.add(request)

    def _advance(self, request: str, event: Event, role: Role, now_ms: int) -> None:
        moved = advance(self.requests[request], event, role, now_ms, self._rules.clocks)
        self._keep(moved.request, moved.effects, now_ms)

    # what the control room does
    def _plan(self, now_ms: int) -> None:
        waiting = [r for r in self.requests.values() if r.state in WAITING or r.needs_place_now]
        if not waiting:
            return
        self._look(now_ms)
        self.tally.plans += 1
        bundles = self._policy.plan(self.situation(now_ms))
        for request in sorted(waiting, key=lambda one: (-one.tier.rank, one.opened_ms, one.id)):
            bundle = bundles.get(request.id)
            if bundle is not None and request.id in self._ready:
                self._follow(request, bundle, now_ms)

    def situation(self, now_ms: int) -> Situation:
        """What dispatch knows at this moment."""
        return Situation(
            now_ms=now_ms,
            requests=list(self.requests.values()),
            teams=self.teams,
            vans=self.vans,
            pools=self.pools,
        )

    def _follow(self, request: CrisisRequest, bundle: Bundle, now_ms: int) -> None:
        """Do what is recommended, where it can be done now."""
        try:
            if request.state in CARRIED_OUT:
                if bundle.place is not None and self._has_room(bundle, now_ms):
                    self._ask(request, bundle, now_ms)
            elif bundle.team is not None and self._is_free(bundle, now_ms):
                prepared = booking.accepting(request, bundle, self._snapshot, override=False)
                self._keep_moved(prepared, Event.ACCEPT, now_ms)
        except DispatchError as refused:
            self.tally.refused += 1
            if self._log is not None:
                self._log(f"{now_ms} refused: {refused}")

    def _ask(self, request: CrisisRequest, bundle: Bundle, now_ms: int) -> None:
        prepared = booking.asking(request, replace(bundle, team=None), self._snapshot)
        self._keep_moved(prepared, Event.ASK_PLACE, now_ms)

    def _keep_moved(self, prepared: CrisisRequest, event: Event, now_ms: int) -> None:
        moved: Advance = advance(prepared, event, Role.DISPATCHER, now_ms, self._rules.clocks)
        self._ready.discard(prepared.id)
        self._keep(moved.request, moved.effects, now_ms)

    def _is_free(self, bundle: Bundle, now_ms: int) -> bool:
        """Whether a hold on the whole bundle would be granted."""
        units = (self.teams.get(bundle.team or ""), self.vans.get(bundle.claimed_van or ""))
        free = all(unit is None or why_out(unit, now_ms) is None for unit in units)
        return free and self._has_room(bundle, now_ms)

    def _has_room(self, bundle: Bundle, now_ms: int) -> bool:
        pool = self.pools.get(bundle.pool or "")
        van = self.vans.get(bundle.claimed_van or "")
        van_free = van is None or van.request is not None or why_out(van, now_ms) is None
        return van_free and (pool is None or (pool.free > 0 and not pool.paused))

    # what is on record
    def _keep(self, after: CrisisRequest, effects: Iterable[Effect], now_ms: int) -> None:
        """The request as it is now, and what that does to teams, vans and pools."""
        self.requests[after.id] = after
        effects = tuple(effects)
        freed = any(isinstance(one, Free) and one.kind == "team" for one in effects)
        self.tally.steps.append(
            Step(after.id, now_ms, after.state, after.tier, after.needs.place, freed)
        )
        if self._log is not None:
            held = after.held
            self._log(f"{now_ms} {after.id} {after.state} {held.team} {held.van} {held.pool}")
        self._world.see_case(case_of(after), after.opened_ms, now_ms)
        for effect in effects:
            self._apply(effect, now_ms)
        if after.ended_ms is not None:
            del self.requests[after.id]
            self._ready.discard(after.id)
            self.tally.ended.append(after)

    def _apply(self, effect: Effect, now_ms: int) -> None:
        match effect:
            case Claim("pool", pool, _):
                known = self.pools[pool]
                self._keep_pool(altered(known, reserved=known.reserved + 1), now_ms)
            case Free("pool", pool, _):
                known = self.pools[pool]
                self._keep_pool(altered(known, reserved=known.reserved - 1), now_ms)
            case Occupy(pool, _):
                known = self.pools[pool]
                taken = altered(known, reserved=known.reserved - 1, occupied=known.occupied + 1)
                self._keep_pool(taken, now_ms)
            case Claim(kind, unit, request):
                self._keep_unit(altered(self._unit(kind, unit), request=request), now_ms)
            case Free(kind, unit, _):
                self._keep_unit(altered(self._unit(kind, unit), request=None), now_ms)
            case Status(kind, unit, status):
                self._keep_unit(altered(self._unit(kind, unit), status=status), now_ms)
            case other:
                raise TypeError(f"nothing in virtual time does {other}")

    def _unit(self, kind: str, unit: str) -> Team | Van:
        return self.teams[unit] if kind == "team" else self.vans[unit]

    def _keep_unit(self, unit: Team | Van, now_ms: int) -> None:
        known = altered(unit, version=unit.version + 1, changed_ms=now_ms, updated_ms=now_ms)
        if isinstance(known, Team):
            self.teams[known.id] = known
            self._clock(known, now_ms)
        else:
            self.vans[known.id] = known
        self._world.see_unit(known, now_ms)

    def _keep_pool(self, pool: Pool, now_ms: int) -> None:
        known = recount_pool(altered(pool, version=pool.version + 1, changed_ms=now_ms))
        self.pools[known.id] = known
        self._world.see_pool(known, now_ms)

    def _clock(self, team: Team, now_ms: int) -> None:
        """A team's time with a task."""
        if team.request is not None:
            self._busy_since.setdefault(team.id, now_ms)
        elif (since_ms := self._busy_since.pop(team.id, None)) is not None:
            self.tally.busy_ms += now_ms - since_ms

    def _look(self, now_ms: int) -> None:
        """GPS: moving units as they move, standing ones now and then."""
        keys = self._world.fleet.moving(now_ms)
        if now_ms - self._seen_ms >= STANDING_GPS_MS:
            self._seen_ms = now_ms
            keys = [*(("team", one) for one in self.teams), *(("van", one) for one in self.vans)]
        kept: Mapping[str, dict[str, Team] | dict[str, Van]]
        kept = {"team": self.teams, "van": self.vans}
        for kind, unit in keys:
            at = self._world.fleet.position((kind, unit), now_ms)
            known = self._unit(kind, unit)
            seen = altered(known, lon=at.lon, lat=at.lat, position_ms=now_ms)
            kept[kind][unit] = seen  # type: ignore[assignment]


def _opened(call: Call, now_ms: int, rules: DispatchRules) -> CrisisRequest:
    """The request that a dispatcher opens for a call."""
    minor = bool(call.words & {"child", "adolescent"})
    custody = None
    if "involuntary" in call.words:
        basis, custodian = LegalBasis.OFFICER_HOLD, Custodian.LAW_ENFORCEMENT
        custody = Custody(basis, custodian, DRIVERS, now_ms)
    return CrisisRequest(
        id=call.id,
        version=1,
        state=State.REQUESTED,
        opened_ms=now_ms,
        zone=call.zone,
        place=call.place,
        lon=call.lon,
        lat=call.lat,
        needs=Needs(words=call.words, place=call.need, van=call.need),
        risk=Risk(),
        urgency=URGENCY[call.tier],
        tier=call.tier,
        target_ms=now_ms + rules.target_s[call.tier] * 1000,
        policy=rules.version,
        custody=custody,
        guardianship=Guardianship(Consent.GIVEN, Escort.CREW) if minor else None,
    )
