"""One scheduled ride of one person: what was asked, what was told, how it went. Pure.

A ride is *asked*, then *planned*: a van and a window for the pick-up are told. If a van is taken
away, it is planned anew or asked again, with the reasons. Aboard, it belongs to its van until the
drop-off.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from dispatch.errors import Refused, WrongState


class Leg(StrEnum):
    """To the appointment, or home from it."""

    TO = "to"
    HOME = "home"


class RideState(StrEnum):
    ASKED = "asked"
    PLANNED = "planned"
    ABOARD = "aboard"
    DONE = "done"
    NO_SHOW = "no_show"
    MISSED = "missed"
    CANCELLED = "cancelled"


class RideStep(StrEnum):
    """What a driver reports."""

    PICKED_UP = "picked_up"
    DROPPED_OFF = "dropped_off"
    NO_SHOW = "no_show"


WAITING = frozenset({RideState.ASKED, RideState.PLANNED})
OPEN = WAITING | {RideState.ABOARD}
MISSED_AFTER_MS = 2 * 3_600_000
"""Nobody begins a ride so long after its appointment, unless a policy lets it be planned later."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, (lon, lat) in degrees."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan says of a ride: its van, and when it is picked up and dropped off (ms UTC)."""

    van: str
    pick_up_ms: int
    drop_off_ms: int
    van_name: str = ""


@dataclass(frozen=True, slots=True)
class Lacking:
    """Why so many vans cannot carry it: a code of `optimizer.rides.plan.Obstacle`, or `later`
    (nothing is planned so far ahead) and `no_van` (none works then)."""

    why: str
    vans: int


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride as it stands. Times in ms UTC.

    `appointment` and `slot` name what it is for, from `starts_ms` until `ends_ms`. `person` is
    where the person is fetched from and brought home to: it never leaves the room in a card.
    `told` is the window for the pick-up that was promised; `was` is what was told before that.
    """

    id: str
    version: int
    state: RideState
    appointment: str
    slot: str
    provider: str
    leg: Leg
    starts_ms: int
    ends_ms: int
    person: Spot
    care: Spot
    seats: int
    needs: tuple[str, ...]
    shares: bool
    asked_ms: int
    planned: Planned | None = None
    told: tuple[int, int] | None = None
    was: Planned | None = None
    lacking: tuple[Lacking, ...] = ()
    boarded_ms: int | None = None
    ended_ms: int | None = None

    @property
    def van(self) -> str | None:
        """The van that carries it, by the plan or by now."""
        return None if self.planned is None else self.planned.van

    @property
    def origin(self) -> Spot:
        return self.person if self.leg is Leg.TO else self.care

    @property
    def destination(self) -> Spot:
        return self.care if self.leg is Leg.TO else self.person


def timed(ride: Ride, plan: Planned, before_ms: int, behind_ms: int, now_ms: int) -> Ride:
    """The ride with what a plan says of it.

    The window that was told stays with the same van, where the pick-up stays in it or it has
    begun; else a new one is told, `before_ms` and `behind_ms` around the pick-up, and what was told
    before is kept. Nobody has to be ready to ride home before the appointment ends.
    """
    if ride.state is RideState.ABOARD:
        return _next(ride, planned=plan)
    if ride.told and kept(ride, plan, now_ms):
        return _next(ride, planned=plan)
    first_ms = plan.pick_up_ms - before_ms
    if ride.leg is Leg.HOME:
        first_ms = max(first_ms, min(ride.ends_ms, plan.pick_up_ms))
    return _next(
        ride,
        state=RideState.PLANNED,
        planned=plan,
        told=(first_ms, plan.pick_up_ms + behind_ms),
        was=ride.planned or ride.was,
        lacking=(),
    )


def kept(ride: Ride, plan: Planned, now_ms: int) -> bool:
    """Whether the plan keeps what was told. A window that has begun stays as it is: a van that is
    late for it is late, until somebody reports."""
    if ride.told is None or ride.van != plan.van:
        return False
    return is_begun(ride, now_ms) or ride.told[0] <= plan.pick_up_ms <= ride.told[1]


def is_begun(ride: Ride, now_ms: int) -> bool:
    """Whether the window that was told has begun, and nobody has said how it went."""
    return ride.state is RideState.PLANNED and ride.told is not None and ride.told[0] <= now_ms


def is_overdue(ride: Ride, now_ms: int) -> bool:
    """Whether the window that was told is over, and nobody has said how it went."""
    return is_begun(ride, now_ms) and ride.told is not None and ride.told[1] < now_ms


def left_out(ride: Ride, lacking: tuple[Lacking, ...]) -> Ride:
    """No van carries it now; what was told before is kept."""
    was = ride.planned or ride.was
    state = RideState.ASKED
    return _next(ride, state=state, planned=None, told=None, was=was, lacking=lacking)


def boarded(ride: Ride, van: str, at_ms: int, van_name: str = "") -> Ride:
    """Picked up by this van. Raises WrongState."""
    check_waiting(ride)
    drop_off_ms = max(at_ms, ride.planned.drop_off_ms if ride.planned else ride.starts_ms)
    plan = Planned(van, at_ms, drop_off_ms, van_name)
    return _next(ride, state=RideState.ABOARD, planned=plan, boarded_ms=at_ms, lacking=())


def check_waiting(ride: Ride) -> None:
    """Raises WrongState once the person is aboard or the ride is over."""
    if ride.state not in WAITING:
        raise WrongState(ride.state, RideStep.PICKED_UP)


def check_company(ride: Ride, aboard: list[Ride], seats: int, van: str) -> None:
    """Only riders who all agreed share a van, and everyone has a seat. Raises Refused."""
    if aboard and not all(one.shares for one in (ride, *aboard)):
        raise Refused("van", van, "not_shared")
    if ride.seats + sum(one.seats for one in aboard) > seats:
        raise Refused("van", van, "seats")


def alighted(ride: Ride, at_ms: int) -> Ride:
    """Dropped off. Raises WrongState."""
    if ride.state is not RideState.ABOARD:
        raise WrongState(ride.state, RideStep.DROPPED_OFF)
    return _next(ride, state=RideState.DONE, ended_ms=at_ms)


def ended(ride: Ride, state: RideState, at_ms: int) -> Ride:
    """Over before anybody was aboard: nobody was there, missed, or cancelled. Raises WrongState."""
    if ride.state not in WAITING:
        raise WrongState(ride.state, state)
    return _next(ride, state=state, ended_ms=at_ms)


def is_missed(ride: Ride, now_ms: int, home_within_ms: int) -> bool:
    """Whether nobody began it long after the appointment, and after the window that was told; a
    ride home may be planned until `home_within_ms` after the appointment."""
    after_ms = max(MISSED_AFTER_MS, home_within_ms if ride.leg is Leg.HOME else 0)
    told_ms = ride.told[1] + MISSED_AFTER_MS if ride.told else 0
    return ride.state in WAITING and max(ride.ends_ms + after_ms, told_ms) <= now_ms


def absent(ride: Ride, at_ms: int) -> Ride:
    """Nobody was there. Raises WrongState, and Refused before the window that they were told."""
    after = ended(ride, RideState.NO_SHOW, at_ms)
    if ride.told is not None and at_ms < ride.told[0]:
        raise Refused("ride", ride.id, "too_early")
    return after


def card(ride: Ride) -> dict[str, Any] | None:
    """What screens are shown: no place of the person, no needs; None when it is over."""
    return face(ride) if ride.state in OPEN else None


def face(ride: Ride) -> dict[str, Any]:
    """The ride without where the person is and what they need."""
    plan, was = ride.planned, ride.was
    return {
        "id": ride.id,
        "version": ride.version,
        "state": ride.state.value,
        "appointment": ride.appointment,
        "slot": ride.slot,
        "provider": ride.provider,
        "leg": ride.leg.value,
        "starts_ms": ride.starts_ms,
        "seats": ride.seats,
        "shares": ride.shares,
        "van": ride.van,
        "van_name": plan and plan.van_name,
        "pick_up_ms": plan and plan.pick_up_ms,
        "drop_off_ms": plan and plan.drop_off_ms,
        "told_from_ms": ride.told and ride.told[0],
        "told_until_ms": ride.told and ride.told[1],
        "was": was and _told(was),
        "lacking": [{"why": one.why, "vans": one.vans} for one in ride.lacking],
        "boarded_ms": ride.boarded_ms,
        "ended_ms": ride.ended_ms,
    }


def _told(plan: Planned) -> dict[str, Any]:
    return {"van": plan.van, "van_name": plan.van_name, "pick_up_ms": plan.pick_up_ms}


def _next(ride: Ride, **changes: Any) -> Ride:
    return replace(ride, version=ride.version + 1, **changes)
