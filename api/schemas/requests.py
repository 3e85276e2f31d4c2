"""Crisis requests as they are read: their cards, all that is known, what was done."""

from typing import Any, Literal

from pydantic import Field

from api.schemas.edge import Answer, Id, Millis, PlaceNeed, RequestState, Tier
from api.schemas.intake import Custody, Guardianship, Hazards, Needs, Person, Risk, YesNo

Settled = Literal["referred", "declined", "not_needed", "in_care", "could_not_contact"]


class AlarmHeard(Answer):
    """Who has heard the alarm of an unowned imminent request, and until when it is quiet."""

    by: str
    at_ms: Millis
    until_ms: Millis


class Card(Answer):
    """The public face of a request that owes something: ids and states, no identity, no address.

    A request that ended with the person stays until its follow-up is settled.
    """

    id: Id
    version: int
    state: RequestState
    tier: Tier
    urgency: int
    zone: str
    place: str | None = Field(default=None, description="town")
    opened_ms: Millis
    target_ms: int | None
    owner: str | None
    alarm_heard: AlarmHeard | None = Field(default=None, description="null while it sounds")
    team: str | None
    van: str | None = Field(description="a van's id, or `self` when the team drives")
    pool: str | None
    slot: str | None
    backup: str | None = Field(description="the pool to ask next")
    place_need: PlaceNeed
    van_need: PlaceNeed
    place_claimed: bool = Field(description="false while pool or slot is only planned")
    eta_ms: int | None
    arrive_ms: int | None
    crew_answer: Literal["asked", "acknowledged", "declined"] | None
    crew_due_ms: int | None
    facility_answer: Literal["asked", "accepted", "declined"] | None
    answer_due_ms: int | None
    escalated: bool
    overdue: list[str] = Field(description="clocks that ran out")
    raised: list[str] = Field(description="those that nobody answered: a supervisor's now")
    calls: list[str] = Field(description="coded: what a person does about them")
    check_in_from_ms: int | None = Field(
        default=None, description="when the crew on scene last was known to be well"
    )
    check_in_due_ms: int | None = None
    check_in_taken_by: str | None = Field(
        default=None, description="name of who sees to an overdue check-in"
    )
    custody_due_ms: int | None
    needs: list[str]
    rescue: Literal["open", "confirmed"] | None
    rescue_due_ms: int | None
    shared_le: bool
    self_transport: bool
    joined_to: str | None
    ended_ms: int | None = Field(description="null while the request is open")
    follow_up_due_ms: int | None = Field(
        description="until when the person of an ended request is to be referred or called; "
        "null where no follow-up is owed"
    )
    settled: Settled | None = Field(description="how the follow-up was settled")


class Cards(Answer):
    server_ms: Millis
    items: list[Card]


class Note(Answer):
    id: str
    at_ms: Millis
    author: str
    text: str


class Choice(Answer):
    """What was recommended and what a person chose."""

    at_ms: Millis
    by: str
    plan_version: int | None
    recommended: dict[str, Any] | None
    chosen: dict[str, Any]
    reason: str | None


class Deed(Answer):
    """One line of the timeline: codes and the names of staff, nobody's identity."""

    at_ms: Millis
    by: str
    action: str = Field(examples=["opened", "facility_declined"])
    reason: str | None
    told_ms: Millis = Field(description="when it came into the record; `at_ms`: when it happened")


class RequestDetail(Answer):
    """Everything that is known. Each reading of it is in the audit."""

    card: Card
    lon: float
    lat: float
    needs: Needs
    risk: Risk
    custody: Custody | None
    guardianship: Guardianship | None
    hazards: Hazards
    person: Person
    notes: list[Note]
    unmet: list["UnmetNeed"]
    choices: list["Choice"]
    timeline: list[Deed] = Field(description="what was done and why, the newest last")
    facility_by: str | None = Field(description="who at the facility answered")


class Duplicate(Answer):
    """An open request that may be about the same person."""

    request: str
    distance_m: int
    apart_s: int
    same_callback: bool
    third_party: bool


class Duplicates(Answer):
    items: list[Duplicate]


class HandedOver(Answer):
    requests: list[str]


class SharedRequest(Answer):
    """What law enforcement may read of a request that was shared: place and safety."""

    id: Id
    place: str
    address: str | None
    lon: float
    lat: float
    weapons: str | None
    dogs: str | None
    premises: str | None
    police_plan: str | None
    hazards: "SharedHazards"


class SharedHazards(Answer):
    """What was answered at intake; unknown is never a no."""

    weapons: YesNo
    dogs: YesNo
    premises: YesNo


class UnmetNeed(Answer):
    id: str
    request: str
    at_ms: Millis
    kind: str
    resource: str | None
    reason: str
    decided_by: str
    recorded_by: str
    protected: bool = Field(description="declined on grounds that are listed for oversight")


class UnmetNeeds(Answer):
    items: list[UnmetNeed]


class Done(Answer):
    """The request as it stands after the command."""

    request: str
    version: int
    state: RequestState
    warnings: list[str] = Field(description="coded, such as credential_lapsed")
    card: Card | None = Field(description="left out for those who may not see all of it")
