"""A request as every screen shows it, whichever driver it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.request import CrisisRequest
from dispatch.words import CARRIED_OUT, WAITING, CrewAnswer, FacilityAnswer, Need, Rescue, State


@dataclass(frozen=True, slots=True)
class Case:
    """What the people of the world can see of a request. `team` and `van` are those that serve it.

    `follow_up`: it has ended, and somebody still owes the person a call or an appointment.
    """

    id: str
    state: State
    team: str | None
    van: str | None
    pool: str | None
    slot: str | None
    need: Need
    place_claimed: bool
    crew_answer: CrewAnswer | None
    facility_answer: FacilityAnswer | None
    follow_up: bool = False
    rescue: bool = False

    @property
    def waiting(self) -> bool:
        return self.state in WAITING

    @property
    def carried_out(self) -> bool:
        return self.state in CARRIED_OUT

    @property
    def seeks_place(self) -> bool:
        """A crew has its task and the place that is needed is not claimed."""
        return self.carried_out and self.need is Need.NEEDED and not self.place_claimed

    @property
    def units(self) -> tuple[tuple[str, str], ...]:
        """Who has the task, as (kind, id)."""
        named = (("team", self.team), ("van", self.van))
        return tuple((kind, unit) for kind, unit in named if unit is not None)


def case_of(request: CrisisRequest) -> Case:
    """The face of a request."""
    plan, held = request.plan, request.held
    return Case(
        request.id,
        request.state,
        held.team,
        held.van,
        held.pool or plan.pool,
        held.slot or plan.slot,
        request.needs.place,
        held.place is not None,
        request.crew_answer,
        request.facility_answer,
    )


def case_of_card(card: Mapping[str, Any], serves: Mapping[tuple[str, str], str | None]) -> Case:
    """The face of a card as the board has it; `serves` gives the request that each unit serves.

    A card names what was planned; a unit comes, or still rides along, if it serves the request.
    """

    def serving(kind: str) -> str | None:
        unit = card[kind]
        return unit if unit and serves.get((kind, unit)) == card["id"] else None

    return Case(
        card["id"],
        State(card["state"]),
        serving("team"),
        serving("van"),
        card["pool"],
        card["slot"],
        Need(card["place_need"]),
        bool(card["place_claimed"]),
        CrewAnswer(card["crew_answer"]) if card["crew_answer"] else None,
        FacilityAnswer(card["facility_answer"]) if card["facility_answer"] else None,
        follow_up=card["follow_up_due_ms"] is not None,
        rescue=card["rescue"] == Rescue.OPEN,
    )
