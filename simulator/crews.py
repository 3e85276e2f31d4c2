"""What a crew does next for a request, as one pure function of what it sees.

A crew answers, drives, visits, and ends the visit or takes the person to a place: never before the
facility has accepted, and with the van, where one comes.
"""

from dataclasses import dataclass
from typing import TypeAlias

from dispatch.words import FacilityAnswer, Need, State
from simulator.cases import Case
from simulator.fates import CrewMind, Fate


@dataclass(frozen=True, slots=True)
class Wait:
    """After so many seconds, this."""

    seconds: float
    then: str


@dataclass(frozen=True, slots=True)
class DriveTo:
    """To the person ("scene") or to the pool ("place"), then this."""

    where: str
    then: str


Next: TypeAlias = Wait | DriveTo | None
"""What comes next; None while others are to act."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a crew knows besides the case: whether it has assessed the person, whether the van (if
    one comes) is there, whether it stands at the place of the case already."""

    assessed: bool
    van_is_there: bool
    at_place: bool


def next_of(case: Case, fate: Fate, mind: CrewMind, scene: Scene) -> Next:
    """The next deed of the crew of this case."""
    match case.state:
        case State.ACCEPTED:
            return Wait(mind.acknowledge_s, "decline" if mind.declines else "acknowledge")
        case State.ACKNOWLEDGED:
            return Wait(mind.turn_out_s, "en_route")
        case State.EN_ROUTE:
            return DriveTo("scene", "on_scene")
        case State.ON_SCENE:
            return _on_scene(case, fate, scene)
        case State.TRANSPORTING:
            return DriveTo("place", "arrived")
        case State.ARRIVED:
            if scene.at_place and case.place_claimed:
                return Wait(fate.hand_over_s, "handed_over")
            return Wait(0, "transporting") if _may_leave(case, scene) else None
        case _:
            return None


def _on_scene(case: Case, fate: Fate, scene: Scene) -> Next:
    if not scene.assessed:
        return Wait(fate.on_scene_s, "assess")
    if not (fate.needs_place or case.need is Need.NEEDED):
        return Wait(0, "resolve")
    if not case.place_claimed:
        return None if case.need is Need.NEEDED else Wait(0, "ask_place")
    return Wait(fate.load_s, "transporting") if _may_leave(case, scene) else None


def _may_leave(case: Case, scene: Scene) -> bool:
    accepted = case.facility_answer is FacilityAnswer.ACCEPTED or case.slot is not None
    return case.place_claimed and accepted and scene.van_is_there
