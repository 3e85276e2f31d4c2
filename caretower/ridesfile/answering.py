"""Planning a rides file, and telling the plan as JSON: timetables, reasons, what a trip changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from caretower.planfile.reading import PlanFileError, checked_settings, text_of
from caretower.ridesfile.asking import Asking
from caretower.ridesfile.form import RidePart, RidesFile
from caretower.ridesfile.reading import read
from dispatch.planning.policy import load_planning_policy
from optimizer.problem import InvalidProblemError
from optimizer.rides.check import check
from optimizer.rides.later import later
from optimizer.rides.plan import Obstacle, RidesPlan, Stop
from optimizer.rides.problem import RidesProblem
from optimizer.rides.solve import solve
from optimizer.warming import warm_up_rides
from registry.vocabulary import load_vocabulary

MOVED_S = 300
"""A stop that moves by less has not changed for anybody."""


def rides_file(path: Path) -> dict[str, Any]:
    """Plan a file, "-" for standard input; answers plain JSON values. Raises PlanFileError."""
    return rides_text(text_of(path))


def rides_text(text: str) -> dict[str, Any]:
    """Plan the text of a file. Raises PlanFileError."""
    vocabulary = load_vocabulary()
    policy = load_planning_policy(checked_settings().policy("planning.toml"), vocabulary)
    file = read(text, vocabulary, policy.van_groups)
    words = [word for group in policy.van_groups for word in vocabulary.needs[group]]
    asking = Asking.of(file, words, policy.load_s)
    try:
        return _planned(file, asking)
    except InvalidProblemError as wrong:
        raise PlanFileError(str(wrong)) from None


def rides_file_schema() -> dict[str, Any]:
    """The JSON schema of a rides file."""
    return RidesFile.model_json_schema()


def _planned(file: RidesFile, asking: Asking) -> dict[str, Any]:
    warm_up_rides()
    problem = asking.problem()
    plan = _checked(problem, solve(problem, seed=file.seed, iterations=file.iterations))
    answer = {"travel": asking.engine, **_Telling(asking, problem, plan, file.now).told()}
    if file.urgent is not None:
        now_s = round(file.urgent.after_min * 60)
        trips = tuple(asking.ride(part) for part in file.urgent.rides)
        moved = later(problem, plan, now_s)
        asked = replace(moved, rides=(*moved.rides, *trips))
        changed = _checked(asked, solve(asked, plan, seed=file.seed, iterations=file.iterations))
        then = _Telling(asking, asked, changed, file.now + timedelta(seconds=now_s))
        answer["urgent"] = {
            **then.told(),
            "changed": _changes(_Telling(asking, problem, plan, file.now), then),
        }
    return answer


def _checked(problem: RidesProblem, plan: RidesPlan) -> RidesPlan:
    faults = check(problem, plan)
    if faults:
        raise PlanFileError(f"the plan did not pass its checker: {faults[0]}")
    return plan


class _Telling:
    """A plan in the words of its file: names of places, times of day."""

    def __init__(
        self, asking: Asking, problem: RidesProblem, plan: RidesPlan, now: datetime
    ) -> None:
        self.asking, self.problem, self.plan, self.now = asking, problem, plan, now
        self.rides = {ride.id: ride for ride in problem.rides}

    def at(self, moment_s: float) -> str:
        """RFC 3339, UTC."""
        moment = self.now.astimezone(UTC) + timedelta(seconds=moment_s)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

    def told(self) -> dict[str, Any]:
        plan = self.plan
        return {
            "at": self.at(0),
            "drive_min": round(plan.drive_s / 60, 1),
            "rides": {name: self.ride(name) for name in sorted(self.rides)},
            "vans": {route.van_id: self._route(route.van_id) for route in plan.routes},
            "left_out": {
                one.ride_id: [self._why(one.ride_id, obstacle) for obstacle in one.obstacles]
                or ["there is no van"]
                for one in plan.left_out
            },
            "late": {name: self.at(moment) for name, moment in plan.late},
            "overtime": {name: self.at(moment) for name, moment in plan.overtime},
        }

    def ride(self, name: str) -> dict[str, Any] | None:
        """Van, pick-up, drop-off and minutes in the van; None for a ride that is left out."""
        first, last = self.plan.stop(name, "pick_up"), self.plan.stop(name, "drop_off")
        if last is None:
            return None
        since = self.rides[name].aboard_since_s if first is None else first.leave_s
        return {
            "van": self.plan.van_of(name),
            "pick_up": "aboard" if first is None else self.at(first.begin_s),
            "drop_off": self.at(last.begin_s),
            "ride_min": round((last.begin_s - (since or 0)) / 60, 1),
        }

    def _route(self, van_id: str) -> dict[str, Any]:
        route = next(route for route in self.plan.routes if route.van_id == van_id)
        return {
            "stops": [self._stop(stop) for stop in route.stops],
            "home": self.at(route.home_s),
            "drive_min": round(route.drive_s / 60, 1),
        }

    def _stop(self, stop: Stop) -> dict[str, Any]:
        return {
            "ride": stop.ride_id,
            "deed": stop.deed,
            "place": self.asking.places[stop.place],
            "arrive": self.at(stop.arrive_s),
            "begin": self.at(stop.begin_s),
            "leave": self.at(stop.leave_s),
        }

    def _why(self, name: str, obstacle: Obstacle) -> str:
        words = ", ".join(self.asking.words[bit] for bit in obstacle.bits)
        sentence = {
            "lacks": f"without {words}",
            "seats": "too few seats",
            "other_van": "the ride may only go by another van",
            "no_way": self._no_way(name),
            "far": "too far away from both ends of the ride",
            "hours": self._hours(name),
            "busy": "could, if others did not ride at that time",
        }[obstacle.fault]
        return f"{', '.join(obstacle.vans)}: {sentence}"

    def _no_way(self, name: str) -> str:
        part = self._part(name)
        if part.aboard is None and not self.asking.has_way(part):
            return f"there is no way from {part.origin} to {part.destination}"
        return "no road leads there, or none back to the base"

    def _part(self, name: str) -> RidePart:
        return next(part for part in self.asking.file.all_rides if part.id == name)

    def _hours(self, name: str) -> str:
        part = self._part(name)
        if self.asking.is_contradictory(part):
            return "the ride's own windows and its longest ride contradict each other"
        return "not in time within the shift, even with nobody else to carry"


def _changes(before: _Telling, now: _Telling) -> list[dict[str, Any]]:
    """The rides whose van, pick-up or drop-off is another than it was planned."""
    changes = []
    for name in sorted(now.rides):
        was, is_ = before.ride(name), now.ride(name)
        if not _same(was, is_):
            changes.append({"ride": name, "was": was, "is": is_})
    return changes


def _same(was: dict[str, Any] | None, is_: dict[str, Any] | None) -> bool:
    if was is None or is_ is None:
        return was is is_
    moments = [
        abs((datetime.fromisoformat(was[k]) - datetime.fromisoformat(is_[k])).total_seconds())
        for k in ("pick_up", "drop_off")
        if "aboard" not in (was[k], is_[k])
    ]
    return bool(was["van"] == is_["van"] and all(moved < MOVED_S for moved in moments))
