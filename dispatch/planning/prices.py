"""What another bundle costs the region and whom first, and what a strict order costs."""

from dispatch.planning.story import Story
from dispatch.words import Tier
from optimizer.plan import Alternative


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


def price_told(story: Story, other: Alternative) -> str:
    """What the alternative costs, and whom first, as words."""
    whole, first = extra_min(other), paid_first(story, other)
    if first is None:
        return f"costs the region {whole:.0f} weighted minutes more"
    tiers, paid = first
    return (
        f"costs the tier {tiers}, planned first, {paid:.0f} weighted minutes more"
        f" (all tiers together {whole:+.0f})"
    )


def strictness_told(extra_min: float | None) -> str:
    """What it costs to plan each tier before the next; None while that is not known."""
    told = "Strict order: every tier is planned before the next."
    if extra_min is None:
        return f"{told} What that costs is not known yet."
    if extra_min == 0:
        return f"{told} At this moment that costs nothing."
    return f"{told} That costs the region {extra_min:.1f} weighted minutes."
