"""The plan in words: one plain sentence a part, and why a part is missing.

Sentences name teams, vans, places, tiers and zones; never a person.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isnan
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from directory.participants import EVERYWHERE
from dispatch.planning.asks import INTERPRETER, somebody_of_ours_drives
from dispatch.planning.bits import Authority, Label, OneOf, Seats, Serves, Speaks, Word
from dispatch.planning.question import Question
from dispatch.planning.situation import (
    OLD,
    Vacancy,
    facility_of,
    freshness,
    is_lost,
    is_remote,
    parts_of,
    position_age_s,
    why_gives_nothing,
    why_out,
)
from dispatch.request import CrisisRequest
from dispatch.rules import minor_is_accompanied
from dispatch.words import Need, State, Tier
from optimizer.plan import Alternative, Assignment, Part, Plan, Reason
from optimizer.problem import SELF, Bundle
from registry import states
from registry.freshness import Freshness

LANGUAGES = {
    "lang_en": "English",
    "lang_es": "Spanish",
    "lang_asl": "American Sign Language",
    "lang_nv": "Navajo",
    "lang_zh": "Chinese",
    "lang_vi": "Vietnamese",
    "lang_ar": "Arabic",
    "lang_so": "Somali",
    "lang_sw": "Swahili",
    "lang_pt": "Portuguese",
    "lang_ru": "Russian",
    "lang_uk": "Ukrainian",
    "lang_fa": "Persian",
    "lang_ko": "Korean",
    "lang_to": "Tongan",
    "lang_sm": "Samoan",
    "lang_fr": "French",
    "lang_ne": "Nepali",
}

FAULTS = {
    "excluded": "declined",
    "unreachable": "no road leads there",
    "drive": "too far away",
    "horizon": "could not come in time",
    "shift": "the shift ends before",
    "kind": "of another kind",
    "full": "full",
    "taken": "planned for somebody else",
    "unexamined": "not examined one by one in a stand-in plan",
    "unfit": "free, but not together with the rest",
    "off_shift": "off shift",
    "committed": "with another person",
    "held": "just being accepted for another person",
    "out_of_service": "out of service",
    "without_driver": "without a driver",
    "paused": "not taking anybody in now",
    "overcommitted": "overcommitted",
    "closed": "closed",
    "not_in_time": "not within the next days",
    "forbidden": "forbidden for this request",
    "withheld": "kept out of this plan",
}

LEFT_OUT = {
    "team": "a person decided that no team goes",
    "van": "a person decided that no van goes",
    "place": "a person decided that no place is taken",
}
"""Why a part is missing that a person fixed as none."""

UNKNOWN: Mapping[str, int] = MappingProxyType({})

NOTICEABLE_S = 60
"""A nearer team or place is only worth a sentence when it is a minute nearer."""


@dataclass(frozen=True, slots=True)
class Story:
    """A question and its answer, indexed by id so that sentences can be written."""

    question: Question
    plan: Plan
    requests: Mapping[str, CrisisRequest]
    column: Mapping[str, int]
    team_row: Mapping[str, int]
    van_row: Mapping[str, int]
    place_row: Mapping[str, int]
    holder: Mapping[str, str]
    planned: Counter[str | None]
    team_free_s: NDArray[np.float64]
    place_extra_s: NDArray[np.float64]
    slots: NDArray[np.bool_]
    worth: Mapping[str, int]

    @staticmethod
    def of(question: Question, plan: Plan, worth: Mapping[str, int] = UNKNOWN) -> "Story":
        """Index them. `worth`: what one more of a resource spares, in tenths, where it is known."""
        problem = question.problem
        holder = {
            part: assignment.request_id
            for assignment in plan.assignments
            for part in (assignment.bundle.team, assignment.bundle.van)
            if part is not None and part != SELF
        }
        return Story(
            question,
            plan,
            {request.id: request for request in question.situation.requests},
            {request.id: k for k, request in enumerate(problem.requests)},
            {team.id: k for k, team in enumerate(problem.teams)},
            {van.id: k for k, van in enumerate(problem.vans)},
            {place.id: k for k, place in enumerate(problem.places)},
            holder,
            Counter(assignment.bundle.place for assignment in plan.assignments),
            np.array([team.release_s for team in problem.teams]),
            np.array([place.penalty_s for place in problem.places]),
            np.array([place.kind == "slot" for place in problem.places], np.bool_),
            worth,
        )

    def request(self, request: str) -> CrisisRequest:
        """The request itself."""
        return self.requests[request]

    def vacancy(self, place: str) -> Vacancy:
        """The pool or slot."""
        situation = self.question.situation
        return situation.pools[place] if place in situation.pools else situation.slots[place]

    def team_s(self, request: str, team: str | None) -> float | None:
        """When the team would be with the person, seconds from now; None if it cannot."""
        if team is None or team not in self.team_row:
            return None
        row, problem = self.team_row[team], self.question.problem
        drive_s = float(problem.team_to_request[row, self.column[request]])
        return None if isnan(drive_s) else float(round(problem.teams[row].release_s + drive_s))

    def team_of(self, assignment: Assignment) -> str | None:
        """Who is sent; of a request that is carried out, who serves it."""
        return assignment.bundle.team or self.request(assignment.request_id).held.team

    def ride_s(self, request: str, place: str) -> float | None:
        """How long the ride to the place takes; None where there is no way."""
        rides = self.question.problem.request_to_place
        ride_s = float(rides[self.column[request], self.place_row[place]])
        return None if isnan(ride_s) else ride_s

    def arrive_s(self, request: str, bundle: Bundle) -> float | None:
        """When the person would be at the bundle's place, seconds from now."""
        if bundle.place is None or bundle.place not in self.place_row:
            return None
        asked = self.question.problem.requests[self.column[request]]
        there_s = 0.0 if bundle.team is None else self.team_s(request, bundle.team)
        if (bundle.team is None and asked.needs_team) or (bundle.van is None and asked.wants_van):
            return None
        ride_s = self.ride_s(request, bundle.place)
        if there_s is None or ride_s is None:
            return None
        pick_s, load_s = there_s + asked.onscene_s, 0.0
        if bundle.van in self.van_row:
            eta_s = self.van_s(request, bundle.van or "")
            if eta_s is None:
                return None
            pick_s, load_s = max(pick_s, eta_s), asked.load_s
        return float(round(pick_s + load_s + ride_s))

    def van_s(self, request: str, van: str) -> float | None:
        """When the van would be with the person, seconds from now."""
        row, problem = self.van_row[van], self.question.problem
        drive_s = float(problem.van_to_request[row, self.column[request]])
        return None if isnan(drive_s) else problem.vans[row].release_s + drive_s

    def excluded(self, request: str, part: str) -> Counter[str]:
        """Why units or places of a kind are excluded for this request by id, counted."""
        known = {"team": self.team_row, "van": self.van_row, "place": self.place_row}[part]
        asked = self.question.problem.requests[self.column[request]].excluded & known.keys()
        forbidden = self.question.situation.forbidden.get(request, frozenset())
        said_no = self.request(request).excluded_teams
        others = asked - forbidden - said_no if part != "place" else frozenset()
        return Counter(
            {
                "forbidden": len(asked & forbidden),
                "committed": len(others),
                "excluded": len(asked - forbidden - others),
            }
        )

    def next_place(self, request: str, but: str | None) -> str | None:
        """The nearest other place with room that may take the person, old counts last."""
        problem = self.question.problem
        asked = problem.requests[self.column[request]]
        away_s = self.place_extra_s + problem.request_to_place[self.column[request]]
        for k in map(int, np.argsort(away_s, kind="stable")):
            place = problem.places[k]
            if isnan(away_s[k]):
                break
            if (
                place.id != but
                and place.id not in asked.excluded
                and not asked.place_mask & ~place.mask
                and asked.place_kind in ("any", place.kind)
                and place.free > self.planned[place.id]
            ):
                return place.id
        return None

    def nearest_team(self, request: str) -> str | None:
        """The team that would be there first, by whole seconds."""
        problem = self.question.problem
        there_s = np.round(self.team_free_s + problem.team_to_request[:, self.column[request]])
        return None if (k := _least(there_s)) is None else problem.teams[k].id

    def nearest_pool(self, request: str) -> str | None:
        """The pool with the shortest ride, whomever it takes."""
        problem = self.question.problem
        rides_s = problem.request_to_place[self.column[request]]
        k = _least(np.where(self.slots, np.nan, rides_s))
        return None if k is None else problem.places[k].id

    def zone_name(self, zone: str) -> str:
        """How people call the zone."""
        return self.question.situation.names.get(zone, zone)

    def place_name(self, place: str) -> str:
        """How people call the place."""
        found = self.vacancy(place)
        facility = self.question.situation.names.get(facility_of(found))
        return f"{found.name}, {facility}" if facility and facility != found.name else found.name


def _least(seconds: NDArray[np.float64]) -> int | None:
    """The first of the least; None where all are nan."""
    return None if np.isnan(seconds).all() else int(np.nanargmin(seconds))


def team(story: Story, assignment: Assignment) -> str:
    """Who goes, when they are there, and why not the nearest."""
    request, chosen = story.request(assignment.request_id), story.team_of(assignment)
    if chosen is None:
        if "team" not in assignment.missing:
            return "No team is needed."
        if _is_left_out(story, assignment, "team"):
            return f"No team goes: {LEFT_OUT['team']}."
        return f"No team can come now: {_main_reason(story, assignment, 'team')}."
    name = story.question.situation.teams[chosen].name
    if request.state in (State.ON_SCENE, State.TRANSPORTING, State.ARRIVED):
        return f"{name} is with the person."
    eta_s = assignment.arrivals.team_s or 0.0
    there = f"{name} reaches the person in {_min(eta_s)}"
    if request.waiting and (free := free_told(story, chosen)):
        there = f"{name} is busy, {free}, and is counted on with the person in {_min(eta_s)}"
    parts = [there]
    nearer = _nearer_team(story, assignment, eta_s)
    if nearer:
        parts.append(nearer)
    return "; ".join(parts) + f".{_lateness(story, request, eta_s)}"


def free_told(story: Story, unit: str) -> str | None:
    """When a busy unit is expected to be free, by the region's clock; None for one that is."""
    situation = story.question.situation
    release = situation.releases.get(unit)
    if release is None:
        return None
    free_s = situation.now_ms / 1000 + release.expected_s
    at = datetime.fromtimestamp(free_s, ZoneInfo(situation.timezone))
    return f"expected free at {at:%H:%M} ± {_min(release.spread_s)}"


def van(story: Story, assignment: Assignment) -> str:
    """Who drives the person."""
    request, chosen = story.request(assignment.request_id), assignment.bundle.van
    if "van" in assignment.missing and _is_left_out(story, assignment, "van"):
        return f"Nobody drives the person: {LEFT_OUT['van']}."
    if "van" in assignment.missing:
        return f"Nobody can drive the person yet: {_main_reason(story, assignment, 'van')}."
    if not somebody_of_ours_drives(request) and request.needs.van is not Need.NONE:
        drivers = sorted(request.custody.transport_by) if request.custody else []
        who = " or ".join(word.value.replace("_", " ") for word in drivers) or "whoever has custody"
        return f"Under this custody {who} transports."
    if chosen == SELF:
        return "The team drives the person itself."
    if chosen is None:
        if request.needs.van is Need.POSSIBLE:
            return "A van may be needed: none is claimed."
        return "No van is needed."
    name = story.question.situation.vans[chosen].name
    if free := free_told(story, chosen):
        name = f"{name} (busy, {free})"
    eta_s, ready_s = story.van_s(request.id, chosen), assignment.arrivals.ready_s
    if eta_s is None or ready_s is None:
        return f"{name} drives the person."
    wait_s = eta_s - ready_s
    if wait_s >= NOTICEABLE_S:
        return f"{name} drives; it comes in {_min(eta_s)}, {_min(wait_s)} after the team is ready."
    return f"{name} drives; it comes in {_min(eta_s)}, before the team is ready to leave."


def place(story: Story, assignment: Assignment) -> str:
    """Where to, how far, how fresh the count is, and why not the nearest."""
    request, chosen = story.request(assignment.request_id), assignment.bundle.place
    if request.needs.place is Need.NONE:
        return "No place is needed."
    if request.held.place is not None:
        return "The place is claimed."
    if request.needs.place is Need.POSSIBLE:
        if assignment.backup_place is None:
            reason = "if a place is needed, none is free that takes the person now"
            return f"{reason[0].upper()}{reason[1:]}."
        told = _place_told(story, request, assignment.backup_place)
        others = " More people may need it than it has room for." * assignment.backup_shared
        return f"If a place is needed: {told}{others} Nothing is claimed."
    if chosen is None and _is_left_out(story, assignment, "place"):
        return f"No place is planned: {LEFT_OUT['place']}."
    if chosen is None:
        return f"No place can take the person now: {_main_reason(story, assignment, 'place')}."
    return _place_told(story, request, chosen) + _nearer_place(story, assignment, chosen)


def warnings(story: Story, assignment: Assignment) -> list[str]:
    """What a person must know before they accept."""
    request, situation = story.request(assignment.request_id), story.question.situation
    found = [_LOCK_TEXT.format(fault=fault) for fault in assignment.lock_faults]
    found += _fixed_warnings(story, request)
    chosen = story.team_of(assignment)
    if chosen is not None:
        found += _team_warnings(story, request, chosen)
    if request.waiting:
        found += _busy_warnings(story, assignment.bundle)
    if request.involuntary and request.custody is None:
        found.append("Involuntary without a legal basis: record basis, custody and who transports.")
    alone = minor_is_accompanied(request)
    if request.needs.place is Need.NEEDED and not request.needs.slot and alone is not None:
        found.append(f"Before the ride: {alone}.")
    if story.question.travel.quality == "estimate":
        found.append("Travel times are estimates: no road engine answered.")
    place_id = assignment.bundle.place
    if place_id is not None and place_id in situation.pools and request.involuntary:
        found.append("Nobody is driven there before the facility has accepted by name.")
    return found


def _busy_warnings(story: Story, bundle: Bundle) -> Iterator[str]:
    situation = story.question.situation
    units = (situation.teams.get(bundle.team or ""), situation.vans.get(bundle.van or ""))
    for unit in units:
        if unit is not None and unit.id in situation.releases:
            yield f"{unit.name} is still busy: it can be accepted when it is free."


_LOCK_TEXT = "What is promised or fixed does not fit ({fault}): a person must decide."


def _fixed_warnings(story: Story, request: CrisisRequest) -> Iterator[str]:
    """What a person fixed although it could not be planned."""
    situation, rules = story.question.situation, story.question.rules
    for id_ in sorted(parts_of([situation.fixed.get(request.id, Bundle())])):
        unit = situation.teams.get(id_) or situation.vans.get(id_)
        if unit is not None:
            name = unit.name
            why = None if unit.request == request.id else why_out(unit, situation.now_ms)
        else:
            name = story.place_name(id_)
            why = why_gives_nothing(story.vacancy(id_), situation.now_ms, rules)
        if why is not None:
            yield f"{name} is fixed although it is {FAULTS[why]}."


def strictness(extra_min: float | None) -> str:
    """What it costs to plan each tier before the next; None while that is not known."""
    told = "Strict order: every tier is planned before the next."
    if extra_min is None:
        return f"{told} What that costs is not known yet."
    if extra_min == 0:
        return f"{told} At this moment that costs nothing."
    return f"{told} That costs the region {extra_min:.1f} weighted minutes."


def _team_warnings(story: Story, request: CrisisRequest, chosen: str) -> Iterator[str]:
    situation, rules = story.question.situation, story.question.rules
    found = situation.teams[chosen]
    lapsed = situation.lapsed.get(chosen, ())
    if lapsed:
        named = ", ".join(word_told(word) for word in lapsed)
        yield f"A credential in {found.name} has lapsed ({named}): a supervisor gives a reason."
    wished = {
        word
        for group in rules.planning.team_wished_groups
        for word in rules.vocabulary.needs[group]
        if word in request.needs.words and word not in found.offers
    }
    comes = INTERPRETER in found.offers
    for word in sorted(wished - {INTERPRETER}):
        how = "it brings an interpreter" if comes else "call an interpreter"
        yield f"Nobody in {found.name} speaks {word_told(word)}: {how}."
    if INTERPRETER in wished:
        yield f"{found.name} brings no interpreter."
    if is_lost(found, situation.now_ms, rules):
        age = _min(position_age_s(found, situation.now_ms))
        yield f"The position of {found.name} is {age} old."


@dataclass(frozen=True, slots=True)
class Lack:
    """Why `count` resources of a kind cannot serve. For one that somebody else has: which, who, and
    what one more just like it would spare the region (weighted minutes), where that was tried."""

    part: str
    reason: str
    count: int
    text: str
    resource: str | None = None
    holder: str | None = None
    worth_min: float | None = None


def unserved(story: Story, assignment: Assignment) -> Iterator[Lack]:
    """For each missing part, every reason with its count."""
    problem = story.question.problem
    kinds = {"team": problem.teams, "van": problem.vans, "place": problem.places}
    for part in assignment.missing:
        if _is_left_out(story, assignment, part):
            yield Lack(part, "left_out", len(kinds[part]), LEFT_OUT[part])
            continue
        for reason in assignment.reasons:
            if reason.part == part:
                yield from _reason(story, assignment, reason)
        for why, count in sorted(story.question.out.get(part, {}).items()):
            yield Lack(part, why, count, f"{_count(count, part)}: {FAULTS[why]}")


def _is_left_out(story: Story, assignment: Assignment, part: Part) -> bool:
    """Whether a person fixed that the request goes without this part."""
    fixed = story.question.situation.fixed.get(assignment.request_id)
    parts = {} if fixed is None else {"team": fixed.team, "van": fixed.van, "place": fixed.place}
    return part in parts and parts[part] is None


def _reason(story: Story, assignment: Assignment, reason: Reason) -> Iterator[Lack]:
    """A lack is told bit by bit, with the words that the bits stand for."""
    part = reason.part
    if reason.fault == "excluded":
        for why, count in story.excluded(assignment.request_id, part).items():
            if count:
                yield Lack(part, why, count, f"{_count(count, part)}: {FAULTS[why]}")
    elif reason.fault == "lacks":
        for bit, count in reason.bits:
            label = story.question.bits.label(bit)
            yield Lack(part, "lacks", count, f"{_count(count, part)}: {_lack(label, part)}")
    elif reason.fault == "taken" and reason.holders:
        for resource, holder, _ in reason.holders:
            tenths = story.worth.get(resource)
            worth_min = None if tenths is None else tenths / 10
            text = f"{resource_name(story, part, resource)} {_goes_to(story, holder)}"
            if worth_min is not None and worth_min > 0:
                text += f" (one more would spare the region {worth_min:.0f} weighted minutes)"
            yield Lack(part, "taken", 1, text, resource, holder, worth_min)
    else:
        text = f"{_count(reason.count, part)}: {FAULTS[reason.fault]}"
        yield Lack(part, reason.fault, reason.count, text)


def _main_reason(story: Story, assignment: Assignment, part: str) -> str:
    texts = [lack.text for lack in unserved(story, assignment) if lack.part == part]
    return "; ".join(texts[:3]) if texts else f"there is no {part} at all"


def _nearer_team(story: Story, assignment: Assignment, eta_s: float) -> str | None:
    """The nearest team that is not the one recommended, and what it is needed for."""
    request = assignment.request_id
    nearest = story.nearest_team(request)
    if nearest is None or nearest == assignment.bundle.team:
        return None
    nearest_s = story.team_s(request, nearest)
    if nearest_s is None or eta_s - nearest_s < NOTICEABLE_S:
        return None
    name = story.question.situation.teams[nearest].name
    return f"{name} is nearer ({_min(nearest_s)}) but {_why_not_team(story, assignment, nearest)}"


def _why_not_team(story: Story, assignment: Assignment, other: str) -> str:
    problem = story.question.problem
    asked = problem.requests[story.column[assignment.request_id]]
    offered = problem.teams[story.team_row[other]]
    if other in story.request(assignment.request_id).excluded_teams:
        return "has declined"
    if other in story.question.situation.forbidden.get(assignment.request_id, ()):
        return "is forbidden for this request"
    if other in asked.excluded:
        return "is with another person"
    lacks = asked.team_mask & ~offered.mask
    if lacks:
        return _lack(story.question.bits.label(lacks.bit_length() - 1), "team")
    holder = story.holder.get(other)
    if holder is not None:
        return _goes_to(story, holder)
    if asked.soft_team_mask & ~offered.mask:
        bit = (asked.soft_team_mask & ~offered.mask).bit_length() - 1
        return _lack(story.question.bits.label(bit), "team")
    if story.question.situation.lapsed.get(other):
        return "a credential in it has lapsed"
    nearest = assignment.nearest
    if nearest is not None and nearest.bundle.team == other:
        return f"sending it {_price(story, nearest)}"
    return "fits the rest of the plan less well, or its shift ends before"


def extra_min(other: Alternative) -> float:
    """What the whole region pays more for the alternative, in weighted minutes; where others pay
    for it first, it may be less than nothing."""
    return other.regret / 10


def paid_first(story: Story, other: Alternative) -> tuple[str, float] | None:
    """The tiers of the first rank that pays, and how many weighted minutes, where not one rank
    pays it all."""
    paid = [(rank, tenths) for rank, tenths in other.regret_by_rank if tenths]
    if len(paid) < 2:
        return None
    rank, tenths = paid[0]
    asked = story.question.problem.requests
    tiers = {story.request(one.id).tier for one in asked if one.rank == rank}
    return ", ".join(tier for tier in reversed(Tier) if tier in tiers), tenths / 10


def _price(story: Story, other: Alternative) -> str:
    """What the alternative costs, and whom first."""
    whole, first = extra_min(other), paid_first(story, other)
    if first is None:
        return f"costs the region {whole:.0f} weighted minutes more"
    tiers, paid = first
    return (
        f"costs the tier {tiers}, planned first, {paid:.0f} weighted minutes more"
        f" (all tiers together {whole:+.0f})"
    )


def _goes_to(story: Story, holder: str) -> str:
    """Whom a resource is planned for, by tier and zone only."""
    request = story.request(holder)
    there = "" if request.zone == EVERYWHERE else f" in {story.zone_name(request.zone)}"
    return f"goes to a person of the tier {request.tier.value}{there}"


def _lateness(story: Story, request: CrisisRequest, eta_s: float) -> str:
    late_s = (story.question.situation.now_ms - request.target_ms) / 1000 + eta_s
    if late_s < NOTICEABLE_S:
        return ""
    return f" That is {_min(late_s)} after the target."


def _place_told(story: Story, request: CrisisRequest, place_id: str) -> str:
    found, situation = story.vacancy(place_id), story.question.situation
    name = story.place_name(place_id)
    if isinstance(found, states.Slot):
        begins_min = (found.starts_ms - situation.now_ms) / 60_000
        how = "by video or telephone" if is_remote(found) else "in person"
        return f"{name}: an appointment {how}, in {_duration(begins_min)}."
    ride_s = story.ride_s(request.id, place_id)
    way = "" if ride_s is None else f", {_min(ride_s)} away"
    state = freshness(found, situation.now_ms, story.question.rules)
    count = f"{found.free} of {found.capacity} free"
    age = _duration((situation.now_ms - found.confirmed_ms) / 60_000)
    if state in OLD:
        call = f"call to confirm {found.phone}".rstrip()
        return f"{name}{way}; the count ({count}) is {age} old: {call}."
    return f"{name}{way}; {count}, counted {age} ago."


def _nearer_place(story: Story, assignment: Assignment, chosen: str) -> str:
    """The nearest place that is not the one recommended, and why not."""
    request = assignment.request_id
    nearest = story.nearest_pool(request)
    if nearest is None or nearest == chosen:
        return ""
    chosen_s, nearest_s = story.ride_s(request, chosen), story.ride_s(request, nearest)
    if chosen_s is None or nearest_s is None or chosen_s - nearest_s < NOTICEABLE_S:
        return ""
    name = story.place_name(nearest)
    return f" {name} is nearer ({_min(nearest_s)}) but {_why_not_place(story, request, nearest)}."


def _why_not_place(story: Story, request: str, other: str) -> str:
    problem, question = story.question.problem, story.question
    asked = problem.requests[story.column[request]]
    offered = problem.places[story.place_row[other]]
    if other in question.situation.forbidden.get(request, ()):
        return "is forbidden for this request"
    if other in asked.excluded:
        return "has declined"
    lacks = asked.place_mask & ~offered.mask
    if lacks:
        return _lack(question.bits.label(lacks.bit_length() - 1), "place")
    if offered.kind != asked.place_kind and asked.place_kind != "any":
        return "is of another kind"
    if offered.free == 0:
        return "is full"
    used = sum(one.bundle.place == other for one in story.plan.assignments)
    if used >= offered.free:
        return "its last free place goes to another person"
    state = freshness(story.vacancy(other), question.situation.now_ms, question.rules)
    if state is not Freshness.FRESH:
        return f"its count is {state.value.replace('_', ' ')}"
    return "is less preferred or more restrictive"


def resource_name(story: Story, part: str, resource: str) -> str:
    """How people call a team, a van or a place."""
    situation = story.question.situation
    if part == "team":
        return situation.teams[resource].name
    return situation.vans[resource].name if part == "van" else story.place_name(resource)


def _lack(label: Label, part: str) -> str:
    match label:
        case Speaks(word):
            return f"does not speak {LANGUAGES[word]} and brings no interpreter"
        case Word(word) if word in LANGUAGES:
            return f"does not speak {LANGUAGES[word]}"
        case Word(word) if part == "place":
            return f"does not declare to take: {word_told(word)}"
        case Word(word):
            return f"does not offer: {word_told(word)}"
        case OneOf(types):
            return f"is not of the type {' or '.join(word_told(kind) for kind in types)}"
        case Serves(zone):
            people = "whose zone is not known" if zone == EVERYWHERE else f"of {zone}"
            return f"has no agreement for people {people}"
        case Seats(count):
            return f"has fewer than {count} seats"
        case Authority(transporter):
            return f"may not transport under this custody, only the {transporter}"


def word_told(word: str) -> str:
    """A word of the vocabulary as people say it."""
    return LANGUAGES.get(word, word.replace("_", " "))


def _count(count: int, part: str) -> str:
    return f"{count} {part}" if count == 1 else f"{count} {part}s"


def _min(seconds: float) -> str:
    return _duration(seconds / 60)


def _duration(minutes: float) -> str:
    whole = max(0, round(minutes))
    if whole < 120:
        return f"{whole} min" if whole else "less than a minute"
    hours = minutes / 60
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
