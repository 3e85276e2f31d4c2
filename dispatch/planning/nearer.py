"""Why the nearest team or place is not the one that is recommended."""

from dispatch.planning.prices import price_told
from dispatch.planning.situation import freshness
from dispatch.planning.story import Story
from dispatch.planning.wording import NOTICEABLE_S, lack_told, minutes
from optimizer.plan import Assignment
from registry.freshness import Freshness


def nearer_team(story: Story, assignment: Assignment, eta_s: float) -> str | None:
    """The nearest team that is not the one recommended, and what it is needed for."""
    request = assignment.request_id
    nearest = story.nearest_team(request)
    if nearest is None or nearest == assignment.bundle.team:
        return None
    nearest_s = story.team_s(request, nearest)
    if nearest_s is None or eta_s - nearest_s < NOTICEABLE_S:
        return None
    name = story.question.situation.teams[nearest].name
    why = _why_not_team(story, assignment, nearest)
    return f"{name} is nearer ({minutes(nearest_s)}) but {why}"


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
        return lack_told(story.question.bits.label(lacks.bit_length() - 1), "team")
    holder = story.holder.get(other)
    if holder is not None:
        return story.goes_to(holder)
    if asked.soft_team_mask & ~offered.mask:
        bit = (asked.soft_team_mask & ~offered.mask).bit_length() - 1
        return lack_told(story.question.bits.label(bit), "team")
    if story.question.situation.lapsed.get(other):
        return "a credential in it has lapsed"
    nearest = assignment.nearest
    if nearest is not None and nearest.bundle.team == other:
        return f"sending it {price_told(story, nearest)}"
    return "fits the rest of the plan less well, or its shift ends before"


def nearer_place(story: Story, assignment: Assignment, chosen: str) -> str:
    """The nearest place that is not the one recommended, and why not."""
    request = assignment.request_id
    nearest = story.nearest_pool(request)
    if nearest is None or nearest == chosen:
        return ""
    chosen_s, nearest_s = story.ride_s(request, chosen), story.ride_s(request, nearest)
    if chosen_s is None or nearest_s is None or chosen_s - nearest_s < NOTICEABLE_S:
        return ""
    name = story.place_name(nearest)
    why = _why_not_place(story, request, nearest)
    return f" {name} is nearer ({minutes(nearest_s)}) but {why}."


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
        return lack_told(question.bits.label(lacks.bit_length() - 1), "place")
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
