"""What another bundle costs the region, what one more unit spares it, and whom first; and what a
strict order costs."""

from dispatch.planning.story import Story
from dispatch.words import Tier
from optimizer.plan import Alternative, ByRank


def extra_min(other: Alternative) -> float:
    """What the whole region pays more for the alternative, in weighted minutes; where others pay
    for it first, it may be less than nothing."""
    return other.regret / 10


def whole_min(by_rank: ByRank) -> float:
    """All ranks together, in weighted minutes; it may be less than nothing."""
    return sum(tenths for _, tenths in by_rank) / 10


def first_of(story: Story, by_rank: ByRank) -> tuple[str, float] | None:
    """The tiers of the first rank that pays or is spared, and how many weighted minutes, where not
    one rank does it all."""
    changed = [(rank, tenths) for rank, tenths in by_rank if tenths]
    if len(changed) < 2:
        return None
    rank, tenths = changed[0]
    asked = story.question.problem.requests
    tiers = {story.request(one.id).tier for one in asked if one.rank == rank}
    return ", ".join(tier for tier in reversed(Tier) if tier in tiers), tenths / 10


def first_told(story: Story, by_rank: ByRank) -> str | None:
    """Who pays or is spared first, and how much, in short."""
    first = first_of(story, by_rank)
    return None if first is None else f"{first[0]} {first[1]:+.1f}"


def price_told(story: Story, other: Alternative) -> str:
    """What the alternative costs, and whom first, as words."""
    whole, first = extra_min(other), first_of(story, other.regret_by_rank)
    if first is None:
        return f"costs the region {whole:.0f} weighted minutes more"
    tiers, paid = first
    return (
        f"costs the tier {tiers}, planned first, {paid:.0f} weighted minutes more"
        f" (all tiers together {whole:+.0f})"
    )


def spared_told(story: Story, by_rank: ByRank) -> str | None:
    """What one more would spare, and whom first, as words; None if it spares nothing."""
    whole, first = whole_min(by_rank), first_of(story, by_rank)
    if first is None:
        return f"would spare the region {whole:.0f} weighted minutes" if whole > 0 else None
    tiers, spared = first
    rest = f"{whole:.0f} less" if whole >= 0 else f"{-whole:.0f} more"
    return (
        f"would spare the tier {tiers}, planned first, {spared:.0f} weighted minutes;"
        f" all tiers together would pay {rest}"
    )


def strictness_told(extra_min: float | None) -> str:
    """What it costs to plan each tier before the next; None while that is not known."""
    told = "Strict order: every tier is planned before the next."
    if extra_min is None:
        return f"{told} What that costs is not known yet."
    if extra_min == 0:
        return f"{told} At this moment that costs nothing."
    return f"{told} That costs the region {extra_min:.1f} weighted minutes."
