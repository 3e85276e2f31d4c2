"""What becomes of a request and how people answer: drawn from its own stream, whoever decides.

A fate belongs to the request's id, an answer to the request and whom it is asked. So two policies
that send different teams meet the same visit, and a request that a human opened has a fate too.
"""

from dataclasses import dataclass

from dispatch.words import Need
from registry.states import Pool
from simulator.parameters import FacilityPart, Parameters
from simulator.streams import Streams


@dataclass(frozen=True, slots=True)
class Fate:
    """Seconds that things take, and what the visit finds.

    `decide_s`: until a dispatcher has heard enough to send somebody. `drive_factor` multiplies
    every drive for this person. `needs_place` is what the team finds.
    """

    decide_s: float
    on_scene_s: float
    load_s: float
    hand_over_s: float
    drive_factor: float
    needs_place: bool
    left_to_people: bool
    patience_s: float
    follow_up_s: float
    wants_appointment: bool
    attends: bool


@dataclass(frozen=True, slots=True)
class CrewMind:
    """How one crew takes one task."""

    acknowledge_s: float
    turn_out_s: float
    clear_s: float
    declines: str | None


@dataclass(frozen=True, slots=True)
class FacilityMind:
    """How one facility takes one person: after how long, and why not, where it would not."""

    answer_s: float
    declines: str | None


@dataclass(frozen=True, slots=True)
class Fates:
    """Draws them all."""

    streams: Streams
    parameters: Parameters

    def of(self, request: str, need: Need) -> Fate:
        """What becomes of the request; `need` as it was known at the opening."""
        rng, p = self.streams.of("fate", request), self.parameters
        turns_out = rng.random() < p.place.possible_becomes_needed
        return Fate(
            decide_s=p.duration.decide.draw_s(rng),
            on_scene_s=p.duration.on_scene.draw_s(rng),
            load_s=p.duration.load.draw_s(rng),
            hand_over_s=p.duration.hand_over.draw_s(rng),
            drive_factor=p.duration.drive_factor.draw_s(rng) / 60,
            needs_place=need is Need.NEEDED or (need is Need.POSSIBLE and turns_out),
            left_to_people=rng.random() < p.live.left_to_people,
            patience_s=float(rng.uniform(*p.live.patience_s)),
            follow_up_s=float(rng.uniform(600, 2400)),
            wants_appointment=rng.random() < p.appointment.wanted,
            attends=rng.random() >= p.appointment.no_show,
        )

    def attends(self, request: str) -> bool:
        """Whether the person of a request comes to an appointment."""
        return self.of(request, Need.NONE).attends

    def crew(self, request: str, unit: str) -> CrewMind:
        """How this crew takes this task."""
        rng, p = self.streams.of("crew", request, unit), self.parameters
        return CrewMind(
            acknowledge_s=p.duration.acknowledge.draw_s(rng),
            turn_out_s=p.duration.turn_out.draw_s(rng),
            clear_s=p.duration.clear.draw_s(rng),
            declines="vehicle_problem" if rng.random() < p.crew.declines else None,
        )

    def facility(self, request: str, pool: Pool, clock_s: float) -> FacilityMind:
        """How the facility answers for this pool; after `clock_s` somebody telephones."""
        rng, part = self.streams.of("facility", request, pool.facility), self.parameters.facility
        answer_s = part.answer.draw_s(rng)
        if rng.random() < part.answers_late:
            answer_s += part.late_by_min * 60
        reason = _reason(rng.random(), part) if rng.random() < part.declines else None
        return FacilityMind(min(answer_s, clock_s + part.phone_min * 60), reason)


def _reason(dice: float, part: FacilityPart) -> str:
    for reason, share in part.decline_reasons.items():
        dice -= share
        if dice < 0:
            return reason
    return "other"
