"""How long visits took, read from the versions of their requests. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dispatch.planning.release import Stage, Visit
from dispatch.words import ENDED, Need, State, Tier
from record.versions import Version

SHORTEST_S = 10.0
"""What seems to have taken less was told afterwards, from paper or out of a dead spot."""


@dataclass(frozen=True, slots=True)
class Step:
    """A version of a request as the record has it: when, its state, tier and need of a place as its
    card said them (None without a card), and whether it lets its team go."""

    request: str
    at_ms: int
    state: State
    tier: Tier | None
    need: Need | None
    lets_team_go: bool


def visits_of(steps: Iterable[Step], shortest_s: float = SHORTEST_S) -> Iterator[Visit]:
    """The visits and hand-overs that are over, from each request's steps in their order."""
    on_scene: dict[str, Step] = {}
    arrived: dict[str, Step] = {}
    for step in steps:
        over = step.state in ENDED
        found = []
        if (over or step.lets_team_go) and (begun := on_scene.pop(step.request, None)):
            lasted_s = (step.at_ms - begun.at_ms) / 1000
            found.append(Visit(Stage.VISIT, begun.tier, begun.need, lasted_s))
        if over and (begun := arrived.pop(step.request, None)):
            found.append(Visit(Stage.PLACE, None, None, (step.at_ms - begun.at_ms) / 1000))
        yield from (visit for visit in found if visit.lasted_s >= shortest_s)
        if step.state is State.ON_SCENE and not step.lets_team_go:
            on_scene.setdefault(step.request, step)
        if step.state is State.ARRIVED:
            arrived.setdefault(step.request, step)


BODY, CARD = ("state",), ("tier", "place_need")
"""The words that are read of a version."""


def step_of(version: Version) -> Step:
    """A kept version of a request as a step."""
    (state,), (tier, need) = version.body, version.card
    return Step(
        request=version.aggregate_id,
        at_ms=version.at_ms,
        state=State(str(state)),
        tier=None if tier is None else Tier(tier),
        need=None if need is None else Need(need),
        lets_team_go=any(
            effect["do"] == "free" and effect["kind"] == "team" for effect in version.effects
        ),
    )
