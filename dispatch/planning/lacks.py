"""Why a part is missing: every reason, with how many resources it keeps away."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dispatch.planning.prices import first_told, spared_told, whole_min
from dispatch.planning.story import Story
from dispatch.planning.wording import FAULTS, counted, lack_told
from optimizer.plan import Assignment, ByRank, Part, Reason

LEFT_OUT = {
    "team": "a person decided that no team goes",
    "van": "a person decided that no van goes",
    "place": "a person decided that no place is taken",
}
"""Why a part is missing that a person fixed as none."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Why `count` resources of a kind cannot serve. For one that somebody else has: which, who, and
    what one more just like it would spare all tiers together (weighted minutes) and whom first,
    where that was tried."""

    part: str
    reason: str
    count: int
    text: str
    resource: str | None = None
    holder: str | None = None
    worth_min: float | None = None
    spared_first: str | None = None


def unserved(story: Story, assignment: Assignment) -> Iterator[Lack]:
    """For each missing part, every reason with its count."""
    problem = story.question.problem
    kinds = {"team": problem.teams, "van": problem.vans, "place": problem.places}
    for part in assignment.missing:
        if is_left_out(story, assignment, part):
            yield Lack(part, "left_out", len(kinds[part]), LEFT_OUT[part])
            continue
        for reason in assignment.reasons:
            if reason.part == part:
                yield from _reason(story, assignment, reason)
        for why, count in sorted(story.question.out.get(part, {}).items()):
            yield Lack(part, why, count, f"{counted(count, part)}: {FAULTS[why]}")


def is_left_out(story: Story, assignment: Assignment, part: Part) -> bool:
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
                yield Lack(part, why, count, f"{counted(count, part)}: {FAULTS[why]}")
    elif reason.fault == "lacks":
        for bit, count in reason.bits:
            label = story.question.bits.label(bit)
            yield Lack(part, "lacks", count, f"{counted(count, part)}: {lack_told(label, part)}")
    elif reason.fault == "taken" and reason.holders:
        for resource, holder, _ in reason.holders:
            text = f"{story.resource_name(part, resource)} {story.goes_to(holder)}"
            lack = Lack(part, "taken", 1, text, resource, holder)
            spared = story.worth.get(resource)
            yield lack if spared is None else _with_worth(story, lack, spared)
    else:
        text = f"{counted(reason.count, part)}: {FAULTS[reason.fault]}"
        yield Lack(part, reason.fault, reason.count, text)


def _with_worth(story: Story, lack: Lack, spared: ByRank) -> Lack:
    told = spared_told(story, spared)
    return replace(
        lack,
        text=f"{lack.text} (one more {told})" if told else lack.text,
        worth_min=whole_min(spared),
        spared_first=first_told(story, spared),
    )


def main_reason(story: Story, assignment: Assignment, part: str) -> str:
    """The first few reasons why the part is missing."""
    texts = [lack.text for lack in unserved(story, assignment) if lack.part == part]
    return "; ".join(texts[:3]) if texts else f"there is no {part} at all"
