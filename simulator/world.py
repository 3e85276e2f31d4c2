"""The world model: everybody in the synthetic region, without I/O and without a clock of its own.

A driver tells it what the screens show (`see_*`) and what time it is; it answers what people do
(`due`). It knows nothing of policies, servers or speed: both drivers run this very world.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isnan

from dispatch.words import FacilityAnswer, State
from geo.points import Point
from registry.states import Pool
from simulator.agenda import Agenda, Due
from simulator.beds import Beds, Happens
from simulator.cases import Case
from simulator.crews import DriveTo, Scene, Wait, next_of
from simulator.deeds import (
    AskPlace,
    ConfirmRescue,
    CrewAnswers,
    Decide,
    Deed,
    EndVisit,
    FacilityAnswers,
    FollowUp,
    GiveUp,
    RoadsRecover,
    RoadsTurnBad,
    SeekPlace,
    Step,
    Tell,
)
from simulator.demand import Call
from simulator.disturbances import BadRoads
from simulator.fates import Fate, Fates
from simulator.fleet import Fleet, Key, Unit
from simulator.happenings import Happenings
from simulator.setting import Setting

SEEK_S = 30.0
RESCUE_S = 300.0
MEETS_VAN = frozenset({State.ACKNOWLEDGED, State.EN_ROUTE, State.ON_SCENE})
"""While the crew is in these, its van drives to the person."""

SAYS: Mapping[str, Callable[[str], Deed]] = {
    "decide": Decide,
    "seek": SeekPlace,
    "give up": GiveUp,
    "rescue": ConfirmRescue,
    "ems": lambda request: EndVisit(request, "ems_handed_over"),
    "resolve": lambda request: EndVisit(request, "resolved_on_scene"),
    "acknowledge": lambda request: CrewAnswers(request, None),
}
"""What is simply said about a request; every other word is a step of its crew."""


@dataclass(slots=True)
class _Story:
    """A request as the world lives it."""

    fate: Fate
    case: Case
    lon: float
    lat: float
    opened_ms: int
    assessed: bool = False
    doing: dict[str, str] = field(default_factory=dict)


class NoSuchUnit(LookupError):
    """The simulation does not play this unit or facility."""


class World:
    """Everybody who is not in the control room."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._fates = Fates(setting.streams, setting.parameters)
        self._agenda: Agenda[Due] = Agenda()
        self._pools: Agenda[Happens] = Agenda()
        self.beds = Beds(setting.streams, setting.parameters.facility, self._pools)
        self.fleet = Fleet(setting, self._fates, self._agenda)
        self._stories: dict[str, _Story] = {}
        self._calls: dict[str, Call] = {}
        self._bad_roads: dict[str, BadRoads] = {}
        self._catalog: dict[str, Pool] = {}

    def expect(self, outside: Happenings) -> None:
        """What is going to come from outside; more may follow."""
        for call in outside.calls:
            self._calls[call.id] = call
            self._agenda.note(call.at_ms, ("call", call.id), Due("call", call.id))
        for roads in outside.bad_roads:
            name = roads.closure.id
            self._bad_roads[name] = roads
            self._agenda.note(roads.from_ms, ("bad", name), Due("bad", name))
            self._agenda.note(roads.until_ms, ("good", name), Due("good", name))

    # what the screens show
    def see_unit(self, unit: Unit, now_ms: int) -> None:
        """A team or van as the registry has it."""
        self.fleet.see(unit, now_ms)

    def see_pool(self, pool: Pool, now_ms: int) -> None:
        """A pool as the registry has it."""
        self._catalog[pool.id] = pool
        self.beds.learn(pool, now_ms)

    def see_case(self, case: Case, opened_ms: int, now_ms: int) -> None:
        """A request as it is now."""
        story = self._stories.get(case.id)
        if story is None:
            story = self._begin(case, opened_ms)
        before, story.case = story.case, case
        if case.waiting and not before.waiting:
            story.doing.clear()
            story.assessed = False
        if not case.place_claimed or case.pool != before.pool:
            self.beds.forget(case.id)
        self._desk(story, now_ms)
        self._facility(story, now_ms)
        self._crew(story, now_ms)
        if not (case.waiting or case.carried_out):
            self._after(story, now_ms)

    def see_gone(self, request: str) -> None:
        """Nobody owes anything for this request any more; or it was never opened."""
        self._calls.pop(request, None)
        if request in self._stories:
            self._end(request)

    def locate(self, request: str, lon: float, lat: float, now_ms: int) -> None:
        """Where the person of a request is that the world has not invented."""
        story = self._stories.get(request)
        if story is not None:
            story.lon, story.lat = lon, lat
            self._crew(story, now_ms)

    def knows_where(self, request: str) -> bool:
        """Whether a crew could find the person."""
        story = self._stories.get(request)
        return story is not None and not isnan(story.lon)

    def again(self, request: str, now_ms: int, after_s: float) -> None:
        """A deed for this request was refused: people look again after a while."""
        if request in self._stories:
            self._note("again", "again", request, now_ms, after_s)

    # what time it is
    def next_ms(self) -> int | None:
        """When somebody does something next."""
        times = [ms for ms in (self._agenda.next_ms(), self._pools.next_ms()) if ms is not None]
        return min(times, default=None)

    def due(self, now_ms: int) -> Iterator[Deed]:
        """What people do at this moment, one deed after the other."""
        while True:
            noted, pool = self._agenda.next_ms(), self._pools.next_ms()
            if min((ms for ms in (noted, pool) if ms is not None), default=now_ms + 1) > now_ms:
                return
            if pool is None or (noted is not None and noted <= pool):
                event = self._agenda.pop(now_ms)
                if event is not None:
                    yield from self._happen(event, now_ms)
            elif (happens := self._pools.pop(now_ms)) is not None:
                yield from self.beds.happen(happens, now_ms)

    def knows_pool(self, pool: str) -> bool:
        """Whether the pool was ever seen."""
        return pool in self._catalog

    # inside
    def _begin(self, case: Case, opened_ms: int) -> _Story:
        call = self._calls.pop(case.id, None)
        need = call.need if call else case.need
        at = (call.lon, call.lat) if call else (float("nan"), float("nan"))
        story = _Story(self._fates.of(case.id, need), case, *at, opened_ms)
        story.assessed = case.state in (State.TRANSPORTING, State.ARRIVED)
        self._stories[case.id] = story
        give_up_ms = opened_ms + int(self._setting.parameters.duration.give_up_min * 60_000)
        self._agenda.note(give_up_ms, ("give up", case.id), Due("give up", case.id))
        return story

    def _desk(self, story: _Story, now_ms: int) -> None:
        """What the dispatcher has to do for this request."""
        case = story.case
        if case.waiting:
            wait_s = story.fate.decide_s
            if self._setting.speed is not None and story.fate.left_to_people:
                wait_s += story.fate.patience_s * self._setting.speed
            due_ms = max(now_ms, story.opened_ms + int(1000 * wait_s))
            if self._is_new(story, "desk", "decide"):
                self._agenda.note(due_ms, ("desk", case.id), Due("decide", case.id))
        elif case.seeks_place:
            if self._is_new(story, "desk", "seek"):
                self._note("seek", "desk", case.id, now_ms, SEEK_S)
        else:
            story.doing.pop("desk", None)
            self._agenda.strike(("desk", case.id))

    def _facility(self, story: _Story, now_ms: int) -> None:
        """The facility that was asked answers in its own time."""
        case = story.case
        asked = case.place_claimed and case.facility_answer is FacilityAnswer.ASKED
        if not asked or case.pool not in self._catalog:
            story.doing.pop("facility", None)
            self._agenda.strike(("facility", case.id))
            return
        if self._is_new(story, "facility", case.pool):
            pool = self._catalog[case.pool]
            mind = self._fates.facility(case.id, pool, self._setting.facility_clock_s)
            self._note("facility", "facility", case.id, now_ms, mind.answer_s)

    def _crew(self, story: _Story, now_ms: int) -> None:
        """The crew goes on; a van that comes for the person drives to the scene."""
        case = story.case
        if not case.units or not case.carried_out:
            self._agenda.strike(("crew", case.id))
            story.doing.pop("crew", None)
            return
        self._send_van(story, now_ms)
        lead = case.units[0]
        mind = self._fates.crew(case.id, lead[1])
        match next_of(case, story.fate, mind, self._scene(story, lead, now_ms)):
            case None:
                self._agenda.strike(("crew", case.id))
                story.doing.pop("crew", None)
            case Wait(seconds, then):
                if self._is_new(story, "crew", f"{case.state} {then} {seconds}"):
                    self._note(then, "crew", case.id, now_ms, seconds)
            case DriveTo(where, then):
                goal = self._goal(story, where)
                if goal is None:
                    story.doing.pop("crew", None)
                elif self._is_new(story, "crew", f"{case.state} {then} {goal}"):
                    self._drive_case(story, goal, then, now_ms)

    def _drive_case(self, story: _Story, goal: Point, then: str, now_ms: int) -> None:
        """The crew drives; on the ride the van too, which drove to the scene by itself."""
        case, ends_ms = story.case, now_ms
        riding = case.units if case.state is State.TRANSPORTING else case.units[:1]
        for key in riding:
            trip = self.fleet.set_off(key, goal, now_ms, story.fate.drive_factor)
            if trip is not None:
                ends_ms = max(ends_ms, trip.ends_ms)
        self._agenda.note(ends_ms, ("crew", case.id), Due(then, case.id))

    def _goal(self, story: _Story, where: str) -> Point | None:
        if where == "scene":
            return Point(story.lon, story.lat) if self.knows_where(story.case.id) else None
        pool = self._catalog.get(story.case.pool or "")
        return Point(pool.lon, pool.lat) if pool else None

    def _send_van(self, story: _Story, now_ms: int) -> None:
        """A claimed van drives to the person by itself; when it is there, the crew sees it."""
        case = story.case
        if case.van is None or case.team is None or case.state not in MEETS_VAN:
            return
        goal, errand = self._goal(story, "scene"), f"scene {case.id}"
        if goal is not None:
            factor = story.fate.drive_factor
            trip = self.fleet.send(("van", case.van), errand, goal, now_ms, factor)
            if trip is not None:
                self._agenda.note(trip.ends_ms, ("van", case.id), Due("look", case.id))

    def _scene(self, story: _Story, lead: Key, now_ms: int) -> Scene:
        """What the crew sees: the person assessed or not, the van, the place."""
        van, place = story.case.van, self._goal(story, "place")
        return Scene(
            story.assessed,
            van is None or self.fleet.stands(("van", van)),
            place is None or self.fleet.is_near(lead, place, now_ms),
        )

    def _happen(self, event: Due, now_ms: int) -> Iterator[Deed]:
        match event:
            case Due("call", name):
                if name in self._calls:
                    yield Tell(self._calls[name])
            case Due("bad", name):
                yield RoadsTurnBad(self._bad_roads[name])
            case Due("good", name):
                yield RoadsRecover(self._bad_roads.pop(name))
            case Due(what, kind, unit) if unit:
                yield from self.fleet.does(what, (kind, unit), now_ms)
            case Due(what, request) if request in self._stories:
                yield from self._story_goes_on(what, self._stories[request], now_ms)

    def _story_goes_on(self, what: str, story: _Story, now_ms: int) -> Iterator[Deed]:
        case = story.case
        request = case.id
        match what:
            case "assess" | "look" | "again":
                self._think(what, story, now_ms)
            case "facility":
                yield from self._facility_answers(story)
            case "decline":
                mind = self._fates.crew(request, case.units[0][1])
                yield CrewAnswers(request, mind.declines)
            case "follow up":
                yield FollowUp(request, story.fate.wants_appointment)
            case "ask_place":
                yield AskPlace(request, self._needs_van(case))
            case "give up" | "ems" if _is_moot(what, case):
                return
            case simple if simple in SAYS:
                yield SAYS[simple](request)
            case step:
                yield Step(request, step)

    def _think(self, what: str, story: _Story, now_ms: int) -> None:
        """Somebody sees something new: the crew has assessed, the van has come, try again."""
        if what == "again":
            story.doing.clear()
            self.see_case(story.case, story.opened_ms, now_ms)
            return
        if what == "assess":
            story.assessed = True
            patience_s = self._setting.parameters.duration.ems_from_scene_min * 60
            self._note("ems", "ems", story.case.id, now_ms, patience_s)
        self._crew(story, now_ms)

    def _facility_answers(self, story: _Story) -> Iterator[Deed]:
        case = story.case
        pool = self._catalog[case.pool or ""]
        mind = self._fates.facility(case.id, pool, self._setting.facility_clock_s)
        declines = mind.declines
        if not self.beds.has_room(pool.id, case.id):
            declines = "no_capacity"
        if declines is None:
            self.beds.promise(pool.id, case.id)
        yield FacilityAnswers(case.id, pool.id, declines)

    def _needs_van(self, case: Case) -> bool:
        return case.van is None and self.fleet.seats(("team", case.team or "")) == 0

    def _after(self, story: _Story, now_ms: int) -> None:
        """The visit is over: a rescue is confirmed, a follow-up made; then the story ends."""
        case = story.case
        self.beds.forget(case.id)
        if case.rescue and self._is_new(story, "after", "rescue"):
            self._note("rescue", "after", case.id, now_ms, RESCUE_S)
        elif case.follow_up and not case.rescue and self._is_new(story, "after", "follow up"):
            self._note("follow up", "after", case.id, now_ms, story.fate.follow_up_s)
        elif not (case.rescue or case.follow_up):
            self._end(case.id)

    def _end(self, request: str) -> None:
        self.beds.forget(request)
        for role in ("desk", "facility", "crew", "van", "give up", "ems", "again", "after"):
            self._agenda.strike((role, request))
        del self._stories[request]

    def _is_new(self, story: _Story, role: str, what: str) -> bool:
        """Whether this role is not at it already."""
        if story.doing.get(role) == what:
            return False
        story.doing[role] = what
        return True

    def _note(self, what: str, role: str, request: str, now_ms: int, after_s: float) -> None:
        """Note what happens to a request, under whoever does it."""
        self._agenda.note(now_ms + int(1000 * after_s), (role, request), Due(what, request))


def _is_moot(what: str, case: Case) -> bool:
    """Whether nobody has to give up any more: a team has come, or has left with the person."""
    return not (case.waiting if what == "give up" else case.state is State.ON_SCENE)
