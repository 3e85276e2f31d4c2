"""What people in the world do, as they would say it to the system. A driver carries it out."""

from dataclasses import dataclass
from typing import TypeAlias

from registry.states import UnitStatus
from simulator.demand import Call
from simulator.disturbances import BadRoads


@dataclass(frozen=True, slots=True)
class Tell:
    """Somebody calls: a dispatcher opens a request."""

    call: Call


@dataclass(frozen=True, slots=True)
class Decide:
    """A dispatcher knows enough: whoever is recommended is sent, now or as soon as there is one."""

    request: str


@dataclass(frozen=True, slots=True)
class SeekPlace:
    """A dispatcher looks for the place that a crew needs."""

    request: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The person waits no longer: the request ends by telephone."""

    request: str


@dataclass(frozen=True, slots=True)
class CrewAnswers:
    """The crew takes the task, or declines it for a coded reason."""

    request: str
    declines: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """The crew reports the next step, a state of the request."""

    request: str
    step: str


@dataclass(frozen=True, slots=True)
class AskPlace:
    """The team found that the person needs a place; `by_van`: it cannot drive them itself."""

    request: str
    by_van: bool


@dataclass(frozen=True, slots=True)
class EndVisit:
    """The visit ends on scene: with a safety plan, or in the hands of EMS."""

    request: str
    outcome: str


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A dispatcher calls the person after the visit; most want an appointment."""

    request: str
    wants_appointment: bool


@dataclass(frozen=True, slots=True)
class ConfirmRescue:
    """EMS says that it has found the person."""

    request: str


@dataclass(frozen=True, slots=True)
class FacilityAnswers:
    """The facility accepts the person, or declines for a coded reason."""

    request: str
    pool: str
    declines: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """A facility reports what it has counted, rightly or not."""

    pool: str
    occupied: int
    closed: int


@dataclass(frozen=True, slots=True)
class StillTrue:
    """A facility stands by its last count."""

    pool: str


@dataclass(frozen=True, slots=True)
class WalkIn:
    """A facility says that somebody came without us."""

    pool: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A facility takes nobody for a while."""

    pool: str
    reason: str
    until_ms: int


@dataclass(frozen=True, slots=True)
class Resume:
    """A facility takes people again."""

    pool: str


@dataclass(frozen=True, slots=True)
class UnitSays:
    """A crew or driver reports its status."""

    kind: str
    unit: str
    status: UnitStatus


@dataclass(frozen=True, slots=True)
class NextShift:
    """The unit's next shift is known."""

    kind: str
    unit: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class RoadsTurnBad:
    """A storm begins, or a road is closed."""

    roads: BadRoads


@dataclass(frozen=True, slots=True)
class RoadsRecover:
    """It is over."""

    roads: BadRoads


Deed: TypeAlias = (
    Tell
    | Decide
    | SeekPlace
    | GiveUp
    | CrewAnswers
    | Step
    | AskPlace
    | EndVisit
    | FollowUp
    | ConfirmRescue
    | FacilityAnswers
    | Count
    | StillTrue
    | WalkIn
    | Pause
    | Resume
    | UnitSays
    | NextShift
    | RoadsTurnBad
    | RoadsRecover
)
