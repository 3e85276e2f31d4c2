"""What would serve somebody whom the plan leaves without, in words: it varies resources only."""

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from dispatch.planning.prices import first_told, whole_min
from dispatch.planning.question import Question
from dispatch.planning.story import Story
from dispatch.planning.wording import offer_told
from optimizer.plan import Part, Plan
from optimizer.problem import Request
from optimizer.remedies import Remedy, remedies
from registry import states

H_MIN = 60


class WouldServe(msgspec.Struct, frozen=True):
    """One change after which the request lacks nothing, tried by planning the region with it.

    `change`: "room" (one more place in the pool or slot `id`), "new" (one more team or van that is
    with the person in `by_s`, or a place as near as `id`), "shift" (`id` works until `by_s`).
    `by_s` counts from the plan's `made_ms`. `saves_min`: weighted minutes that all
    tiers together then spare. Who is planned first is spared first, whatever the rest then pays:
    where more than one rank pays or is spared, `spared_first` says which is first, and how much.
    """

    resource: str
    change: str
    id: str | None
    by_s: float | None
    saves_min: float
    text: str
    spared_first: str | None = None


def would_serve(
    question: Question,
    plan: Plan,
    requests: Collection[str],
    is_late: Callable[[], bool] = lambda: False,
) -> dict[str, list[WouldServe]]:
    """For each of these requests that lacks something: the single changes that serve it. Whoever
    was not looked at in time is not in the answer."""
    story = Story.of(question, plan)
    found = remedies(question.problem, plan, requests, is_late)
    return {name: [_told(story, name, one) for one in tried] for name, tried in found.items()}


def _told(story: Story, request: str, remedy: Remedy) -> WouldServe:
    return WouldServe(
        resource=remedy.part,
        change=remedy.change,
        id=remedy.resource,
        by_s=remedy.by_s,
        saves_min=whole_min(remedy.spared_by_rank),
        text=_text(story, request, remedy),
        spared_first=first_told(story, remedy.spared_by_rank),
    )


def _text(story: Story, request: str, remedy: Remedy) -> str:
    by = "" if remedy.by_s is None else _within(remedy.by_s)
    if remedy.change == "shift":
        name = story.resource_name(remedy.part, remedy.resource or "")
        return f"{name} on duty for another {by}."
    if remedy.change == "room":
        found = story.vacancy(remedy.resource or "")
        what = "bed" if isinstance(found, states.Pool) else "appointment"
        return f"One more {what} in {story.place_name(found.id)}."
    asked = story.question.problem.requests[story.column[request]]
    wanted = _wanted(story.question, asked, remedy.part)
    if remedy.part == "place":
        near = story.place_name(remedy.resource or "")
        return f"One place that {_list(wanted) or 'has room'}, as near as {near}."
    which = f" that {_list(wanted)}" if wanted else ""
    return f"One {remedy.part}{which}, with the person within {by}."


def _wanted(question: Question, asked: Request, part: Part) -> list[str]:
    masks: Mapping[Part, int] = {
        "team": asked.team_mask,
        "van": asked.van_mask,
        "place": asked.place_mask,
    }
    mask = masks[part]
    bits = (bit for bit in range(mask.bit_length()) if mask >> bit & 1)
    told = (offer_told(question.bits.label(bit), part) for bit in bits)
    return [text for text in told if text]


def _list(parts: Sequence[str]) -> str:
    """Verbs said once: takes adult, takes involuntary becomes takes adult and involuntary."""
    told: dict[str, list[str]] = {}
    for part in parts:
        verb, _, rest = part.partition(" ")
        told.setdefault(verb, []).append(rest)
    return ", ".join(f"{verb} {' and '.join(rest)}" for verb, rest in told.items())


def _within(seconds: float) -> str:
    """Whole minutes, rounded down: what is told is never too late."""
    minutes = max(0, int(seconds // 60))
    hours, rest = divmod(minutes, H_MIN)
    return f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{rest} min"
