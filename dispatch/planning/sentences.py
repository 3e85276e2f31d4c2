"""The plan in words: one plain sentence a part.

Sentences name teams, vans, places, tiers and zones; never a person.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.planning.asks import somebody_of_ours_drives
from dispatch.planning.lacks import LEFT_OUT, is_left_out, main_reason
from dispatch.planning.nearer import nearer_place, nearer_team
from dispatch.planning.situation import OLD, freshness, is_remote
from dispatch.planning.story import Story
from dispatch.planning.wording import NOTICEABLE_S, duration, minutes
from dispatch.request import CrisisRequest
from dispatch.words import Need, State
from optimizer.plan import Assignment
from optimizer.problem import SELF
from registry import states


def team(story: Story, assignment: Assignment) -> str:
    """Who goes, when they are there, and why not the nearest."""
    request, chosen = story.request(assignment.request_id), story.team_of(assignment)
    if chosen is None:
        if "team" not in assignment.missing:
            return "No team is needed."
        if is_left_out(story, assignment, "team"):
            return f"No team goes: {LEFT_OUT['team']}."
        return f"No team can come now: {main_reason(story, assignment, 'team')}."
    name = story.question.situation.teams[chosen].name
    if request.state in (State.ON_SCENE, State.TRANSPORTING, State.ARRIVED):
        return f"{name} is with the person."
    eta_s = assignment.arrivals.team_s or 0.0
    there = f"{name} reaches the person in {minutes(eta_s)}"
    if request.waiting and (free := free_told(story, chosen)):
        there = f"{name} is busy, {free}, and is counted on with the person in {minutes(eta_s)}"
    parts = [there]
    nearer = nearer_team(story, assignment, eta_s)
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
    return f"expected free at {at:%H:%M} ± {minutes(release.spread_s)}"


def van(story: Story, assignment: Assignment) -> str:
    """Who drives the person."""
    request, chosen = story.request(assignment.request_id), assignment.bundle.van
    if "van" in assignment.missing and is_left_out(story, assignment, "van"):
        return f"Nobody drives the person: {LEFT_OUT['van']}."
    if "van" in assignment.missing:
        return f"Nobody can drive the person yet: {main_reason(story, assignment, 'van')}."
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
    wait_s, comes = eta_s - ready_s, f"{name} drives; it comes in {minutes(eta_s)}"
    if wait_s >= NOTICEABLE_S:
        return f"{comes}, {minutes(wait_s)} after the team is ready."
    return f"{comes}, before the team is ready to leave."


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
    if chosen is None and is_left_out(story, assignment, "place"):
        return f"No place is planned: {LEFT_OUT['place']}."
    if chosen is None:
        return f"No place can take the person now: {main_reason(story, assignment, 'place')}."
    return _place_told(story, request, chosen) + nearer_place(story, assignment, chosen)


def _lateness(story: Story, request: CrisisRequest, eta_s: float) -> str:
    late_s = (story.question.situation.now_ms - request.target_ms) / 1000 + eta_s
    if late_s < NOTICEABLE_S:
        return ""
    return f" That is {minutes(late_s)} after the target."


def _place_told(story: Story, request: CrisisRequest, place_id: str) -> str:
    found, situation = story.vacancy(place_id), story.question.situation
    name = story.place_name(place_id)
    if isinstance(found, states.Slot):
        begins_min = (found.starts_ms - situation.now_ms) / 60_000
        how = "by video or telephone" if is_remote(found) else "in person"
        return f"{name}: an appointment {how}, in {duration(begins_min)}."
    ride_s = story.ride_s(request.id, place_id)
    way = "" if ride_s is None else f", {minutes(ride_s)} away"
    state = freshness(found, situation.now_ms, story.question.rules)
    count = f"{found.free} of {found.capacity} free"
    age = duration((situation.now_ms - found.confirmed_ms) / 60_000)
    if state in OLD:
        call = f"call to confirm {found.phone}".rstrip()
        return f"{name}{way}; the count ({count}) is {age} old: {call}."
    return f"{name}{way}; {count}, counted {age} ago."
