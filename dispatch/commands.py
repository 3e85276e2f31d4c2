"""The commands of the dispatch service. Each carries the caller's `command_id` (a UUIDv7):
a retry with the same id gets the same receipt. The actor is handed in beside the command.

`downtime` says that it was written by hand while the system was away: then the order is checked.
`at_ms` says when something happened (UTC) that is told later, from a dead spot or from paper; None
means now. Clocks that start with it run from then; the record keeps besides when it was told.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from dispatch.request import Bundle, Custody, Guardianship, Hazards, Needs, Person, Risk
from dispatch.words import Event, Settled, State, Urgency


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a command: the request's version and state after it, and its public card.

    `rows` are the outbox rows that were written, `warnings` codes (`credential_lapsed`).
    """

    request: str
    version: int
    state: State
    card: dict[str, Any]
    rows: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Open a crisis request. `request` is the new id; `place` names a town, never an address.

    `zone` is the zone of the position. `owner` is an account; an imminent request without an owner
    (a telephony event) raises an alarm.
    """

    command_id: str
    request: str
    zone: str
    place: str
    lon: float
    lat: float
    needs: Needs = field(default_factory=Needs)
    risk: Risk = field(default_factory=Risk)
    urgency: Urgency = Urgency.URGENT
    person: Person = field(default_factory=Person)
    custody: Custody | None = None
    guardianship: Guardianship | None = None
    hazards: Hazards = field(default_factory=Hazards)
    owner: str | None = None
    at_ms: int | None = None
    downtime: bool = False


@dataclass(frozen=True, slots=True)
class Triage:
    """Set what is known now; `None` leaves as it was."""

    command_id: str
    request: str
    risk: Risk | None = None
    urgency: Urgency | None = None
    needs: Needs | None = None
    custody: Custody | None = None
    guardianship: Guardianship | None = None
    person: Person | None = None
    hazards: Hazards | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """Take a request, or give it to `owner`."""

    command_id: str
    request: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Disown:
    """Undo taking a request: it goes back to `to`, or to nobody."""

    command_id: str
    request: str
    to: str | None = None


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarm:
    """Somebody has heard the alarm of an imminent request that nobody owns."""

    command_id: str
    request: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """At sign-out: all open requests of the actor (or of `source`) go to `owner`."""

    command_id: str
    owner: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class AddNote:
    """Add a note; author and time are the actor's and the clock's."""

    command_id: str
    request: str
    text: str
    at_ms: int | None = None
    downtime: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """`request` is a duplicate: it ends and points to `into`."""

    command_id: str
    request: str
    into: str


@dataclass(frozen=True, slots=True)
class Recommended:
    """The planner has a recommendation for the request, or (`bundle` None) none any more."""

    command_id: str
    request: str
    plan_version: int
    bundle: Bundle | None


@dataclass(frozen=True, slots=True)
class Accept:
    """Accept a bundle. `seen` gives the version of each resource that was on the screen.

    `eta_ms` and `arrive_ms` are the recommendation's times (UTC). `reason` is required where a
    crew's credential has lapsed (a supervisor's) and for every override.
    """

    command_id: str
    request: str
    bundle: Bundle
    seen: Mapping[tuple[str, str], int] = field(default_factory=dict)
    eta_ms: int | None = None
    arrive_ms: int | None = None
    reason: str | None = None
    at_ms: int | None = None
    downtime: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """Accept another bundle than the recommended one, for a reason.

    `divert` lets a person take a team or van away from the request that it is on; the planner
    never does that.
    """

    command_id: str
    request: str
    bundle: Bundle
    reason: str
    seen: Mapping[tuple[str, str], int] = field(default_factory=dict)
    eta_ms: int | None = None
    arrive_ms: int | None = None
    divert: bool = False
    at_ms: int | None = None
    downtime: bool = False


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Undo an acceptance before anybody has answered: all that it claimed is free again."""

    command_id: str
    request: str


@dataclass(frozen=True, slots=True)
class AnswerForFacility:
    """The facility accepts or declines the incoming person.

    `by` is the name of who answered there. `reason` is a coded decline reason. `by_phone` marks
    an answer that a dispatcher took down.
    """

    command_id: str
    request: str
    accepted: bool
    by: str
    reason: str | None = None
    by_phone: bool = False
    at_ms: int | None = None
    downtime: bool = False


@dataclass(frozen=True, slots=True)
class AnswerForCrew:
    """The crew acknowledges or declines its task; `by` is the name of who answered."""

    command_id: str
    request: str
    accepted: bool
    by: str
    reason: str | None = None
    by_phone: bool = False
    at_ms: int | None = None
    downtime: bool = False


STEPS = (
    Event.DEPART,
    Event.REACH_PERSON,
    Event.LEAVE_WITH_PERSON,
    Event.REACH_PLACE,
    Event.HAND_OVER_PERSON,
)


RIDING = (Event.LEAVE_WITH_PERSON, Event.REACH_PLACE, Event.HAND_OVER_PERSON)
"""The steps that whoever drives may report beside the crew."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that the crew or driver reports: one of `STEPS`."""

    command_id: str
    request: str
    event: Event
    at_ms: int | None = None
    downtime: bool = False


@dataclass(frozen=True, slots=True)
class AllWell:
    """The crew on scene is well: the check-in clock begins anew.

    `by` names who of the crew said so to a dispatcher (`by_phone`).
    """

    command_id: str
    request: str
    by: str = ""
    by_phone: bool = False
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TakeCheckIn:
    """Somebody at the desk takes an overdue check-in on, by name, and calls the crew."""

    command_id: str
    request: str


@dataclass(frozen=True, slots=True)
class AskPlace:
    """The team has assessed: a place (and perhaps a van) is needed now."""

    command_id: str
    request: str
    pool: str | None = None
    slot: str | None = None
    van: str | None = None
    backup: str | None = None
    seen: Mapping[tuple[str, str], int] = field(default_factory=dict)
    arrive_ms: int | None = None


RESOLUTIONS = (
    Event.RESOLVE_ON_SCENE,
    Event.RESOLVE_BY_PHONE,
    Event.HAND_OVER_TO_EMS,
    Event.PERSON_REFUSES,
    Event.NOT_LOCATED,
)


@dataclass(frozen=True, slots=True)
class Resolve:
    """End the request: `event` is one of `RESOLUTIONS`.

    A visit that ends on scene says whether a safety plan was made.
    """

    command_id: str
    request: str
    event: Event
    safety_plan: bool = False
    reason: str | None = None
    at_ms: int | None = None
    downtime: bool = False


@dataclass(frozen=True, slots=True)
class Settle:
    """Settle the follow-up of an ended request.

    A reason is needed where nothing follows: `not_needed` and `could_not_contact`.
    """

    command_id: str
    request: str
    how: Settled
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Reopen:
    """The follow-up that a referral had settled is owed again: the referral was called off."""

    command_id: str
    request: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Withdraw the request, with a reason."""

    command_id: str
    request: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShareWithLawEnforcement:
    """Disclose place and safety to law enforcement, as an explicit, logged act."""

    command_id: str
    request: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallRescue:
    """An active rescue was called (EMS / 911): the contact clock starts, with an owner."""

    command_id: str
    request: str


@dataclass(frozen=True, slots=True)
class ConfirmRescue:
    """Contact of the rescuers with the person is confirmed, by name."""

    command_id: str
    request: str
    by: str


@dataclass(frozen=True, slots=True)
class Escalate:
    """A clock has run out: the keeper's command."""

    command_id: str
    request: str


@dataclass(frozen=True, slots=True)
class PressPanic:
    """A unit (`kind` team or van) calls for help. `panic` is the new id, made by the caller."""

    command_id: str
    panic: str
    kind: str
    unit: str
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AcknowledgePanic:
    """Somebody at the desk sees to a panic."""

    command_id: str
    panic: str


@dataclass(frozen=True, slots=True)
class EndPanic:
    """The desk ends a panic, with a note of what was found."""

    command_id: str
    panic: str
    note: str


@dataclass(frozen=True, slots=True)
class PutClosure:
    """Close roads, or slow them by a factor. `closure` is the id, made by the caller."""

    command_id: str
    closure: str
    area: dict[str, Any]
    slowdown: float | None
    reason: str
    until_ms: int
    from_ms: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class LiftClosure:
    """The roads are open again."""

    command_id: str
    closure: str


class Command(Protocol):
    """Any command."""

    @property
    def command_id(self) -> str: ...


class OfRequest(Command, Protocol):
    """Any command about one request."""

    @property
    def request(self) -> str: ...
