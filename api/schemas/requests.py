"""Crisis requests: what is asked, what is known, what is recommended, promised and done."""

from typing import Annotated, Any, Literal

from pydantic import Field

from api.schemas.edge import (
    Answer,
    Body,
    Born,
    ColleagueId,
    Command,
    Expected,
    Happened,
    Id,
    Language,
    Lat,
    Lon,
    Millis,
    Name,
    Phone,
    PlaceId,
    PlaceNeed,
    Reason,
    RequestState,
    ResourceKind,
    Text,
    Tier,
    Told,
    Town,
    Urgency,
    Uuid,
    Version,
    Word,
    Words,
)

YesNo = Literal["no", "unknown", "yes"]
Settled = Literal["referred", "declined", "not_needed", "in_care", "could_not_contact"]
Line = Annotated[Text, Field(max_length=500)]


class Cssrs(Body):
    """The Columbia screener: five questions on the past month, then behaviour."""

    wish_to_be_dead: YesNo = "unknown"
    suicidal_thoughts: YesNo = "unknown"
    thoughts_of_method: YesNo = "unknown"
    some_intent: YesNo = "unknown"
    intent_with_plan: YesNo = "unknown"
    behaviour_lifetime: YesNo = "unknown"
    behaviour_3_months: YesNo = "unknown"


class Risk(Body):
    """What was asked and answered. Unknown counts as high: silence is not a no."""

    cssrs: Cssrs = Cssrs()
    desire: YesNo = "unknown"
    intent: YesNo = "unknown"
    capability: YesNo = "unknown"
    buffers: YesNo = Field(default="unknown", description="what protects; a no raises the risk")
    violence: YesNo = "unknown"
    psychosis: YesNo = "unknown"
    overdose: YesNo = "unknown"
    danger_to_others: YesNo = "unknown"
    imminent: YesNo = "unknown"


class Needs(Body):
    """What would serve the person. A *possible* place or van is planned and claims nothing."""

    words: Words = Field(default=[], examples=[["adult", "lang_es"]])
    team: bool = True
    place: PlaceNeed = "possible"
    van: PlaceNeed = "possible"
    pool_types: list[Word] = Field(
        default=[], max_length=10, description="in order of preference, least restrictive first"
    )
    slot: bool = Field(default=False, description="an appointment, not a bed")
    seats: Annotated[int, Field(ge=1, le=8)] = 1
    facility: PlaceId | None = Field(default=None, description="the person's own choice")


class Person(Body):
    """Who it is and what the team must know: kept apart, every read is audited."""

    name: Name | None = None
    date_of_birth: Born | None = None
    address: Line | None = None
    callback: Phone | None = None
    third_party: bool = Field(default=False, description="the caller is not the person")
    caller_name: Name | None = None
    interpreter: Language | None = Field(default=None, examples=["lang_es"])
    guardian_name: Name | None = None
    guardian_phone: Phone | None = None
    problem: Text | None = None
    violence_history: Line | None = None
    substance_history: Line | None = None
    weapons: Line | None = None
    dogs: Line | None = None
    police_plan: Line | None = None
    premises: Line | None = None
    infection: Line | None = None


class Hazards(Body):
    """What may hurt whoever goes there, as it was asked. Unknown is never a no."""

    weapons: YesNo = "unknown"
    violence: YesNo = Field(default="unknown", description="towards others, now or before")
    dogs: YesNo = "unknown"
    premises: YesNo = Field(default="unknown", description="the place itself, others in it")
    infection: YesNo = "unknown"


class Custody(Body):
    """An involuntary status: on what it rests, who has custody since when, who may drive."""

    basis: Literal["officer_hold", "examiner_certificate", "court_order"]
    custodian: Literal["law_enforcement", "mental_health_officer", "ems", "facility"]
    transport_by: list[Literal["law_enforcement", "ems", "team", "van"]] = Field(
        min_length=1, max_length=4
    )
    since_ms: Happened


class Guardianship(Body):
    """A minor's guardian: consent and escort."""

    consent: Literal["given", "not_reached", "refused", "emergency"] = "not_reached"
    escort: Literal["guardian", "crew", "officer"] | None = None


class NewRequest(Told):
    """Opens a crisis request. It is on record before it is acknowledged."""

    request: Uuid = Field(
        description="the new request's id, made by the caller: UUIDv7",
        examples=["01935f3a-7b1c-7000-8000-000000000001"],
    )
    place: Town = Field(
        description="town, as everyone at dispatch may see it; the address is in `person`",
        examples=["Ogden"],
    )
    lon: Lon = Field(examples=[-111.97])
    lat: Lat = Field(examples=[41.22])
    urgency: Urgency
    needs: Needs = Needs()
    risk: Risk = Risk()
    person: Person = Person()
    custody: Custody | None = None
    guardianship: Guardianship | None = None
    hazards: Hazards = Hazards()
    mine: bool = Field(default=True, description="whoever opens it owns it")


class Triage(Command):
    """What is known now; what is left out stays as it was."""

    risk: Risk | None = None
    urgency: Urgency | None = None
    needs: Needs | None = None
    custody: Custody | None = None
    guardianship: Guardianship | None = None
    person: Person | None = None
    hazards: Hazards | None = None


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


class Alternative(Answer):
    team: str | None
    van: str | None
    pool: str | None
    slot: str | None
    team_eta_s: float | None
    arrive_s: float | None
    extra_min: float = Field(description="weighted minutes that choosing it would cost")


class Backup(Answer):
    """The next place to ask; it is claimed by nobody."""

    pool: str
    arrive_s: float | None


class Unserved(Answer):
    resource: str
    reason: str
    count: int
    text: str
    id: str | None = Field(default=None, description="the one that somebody else has")
    holder: str | None = Field(default=None, description="the request that has it")
    worth_min: float | None = Field(
        default=None, description="weighted minutes that one more would spare the region"
    )


class WouldServe(Answer):
    """One change of what there is, after which the request lacks nothing; it was tried."""

    resource: Literal["team", "van", "place"]
    change: Literal["room", "new", "shift"]
    id: str | None
    by_s: float | None = Field(description="seconds after the plan was made")
    saves_min: float = Field(description="weighted minutes that the region then spares")
    text: str


class Why(Answer):
    team: str
    van: str
    place: str


class TravelSource(Answer):
    engine: str
    quality: Literal["road", "estimate"]


class Recommendation(Answer):
    """What the plan says for one request, with its price, its reasons and what else there is."""

    request: str
    team: str | None
    van: str | None
    pool: str | None
    slot: str | None
    team_eta_s: float | None
    pick_s: float | None
    arrive_s: float | None
    costs: dict[str, float] = Field(description="minutes by component")
    why: Why
    alternatives: list[Alternative]
    backup: Backup | None
    unserved: list[Unserved]
    ems_now: bool
    call_to_confirm: bool
    travel: TravelSource
    warnings: list[str]
    claims_place: bool = Field(description="false while the place is only possibly needed")
    free_ms: int | None = Field(
        description="when the busy team it waits for is expected to be free; accept only then"
    )
    priced_ms: int | None = Field(description="when the price of the alternatives was found")
    would_serve: list[WouldServe] | None = Field(
        default=None, description="single changes that would serve the person; null: not yet tried"
    )


class Recommended(Answer):
    """The newest recommendation; null while the planner has not looked at the request yet."""

    plan_version: int | None
    made_ms: int | None
    recommendation: Recommendation | None


class Duplicate(Answer):
    """An open request that may be about the same person."""

    request: str
    distance_m: int
    apart_s: int
    same_callback: bool
    third_party: bool


class Duplicates(Answer):
    items: list[Duplicate]


class Bundle(Body):
    team: Id | None = None
    van: Id | None = Field(default=None, description="a van's id, or `self`: the team drives")
    pool: Id | None = None
    slot: Id | None = None
    backup: Id | None = Field(default=None, description="the pool to ask next")


class Seen(Body):
    """The version of a resource that the caller had on the screen."""

    kind: ResourceKind
    id: Id
    version: Version


class Accept(Told):
    """Claims what the request needs now: all or nothing; a refusal says which and why."""

    bundle: Bundle
    seen: list[Seen] = Field(default=[], max_length=8)
    eta_ms: Expected | None = None
    arrive_ms: Expected | None = None
    reason: Reason | None = Field(default=None, description="a supervisor's, for a warning")


class Override(Told):
    """Accept something other than what was recommended, and say why."""

    bundle: Bundle
    reason: Reason
    seen: list[Seen] = Field(default=[], max_length=8)
    eta_ms: Expected | None = None
    arrive_ms: Expected | None = None
    divert: bool = Field(default=False, description="take a unit away from another request")


class FacilityAnswer(Told):
    answer: Literal["accepted", "declined"]
    by_name: Name = Field(description="who at the facility answered")
    reason: Word | None = Field(default=None, description="coded; required for a decline")
    by_phone: bool = Field(default=False, description="a dispatcher took it down")


class CrewAnswer(Told):
    answer: Literal["acknowledged", "declined"]
    by_name: Name
    reason: Word | None = None
    by_phone: bool = False


class Step(Told):
    step: Literal["en_route", "on_scene", "transporting", "arrived", "handed_over"]


class NewNote(Told):
    text: Annotated[Text, Field(min_length=1)]


class Own(Command):
    """Take a request, or give it to somebody; its last owner sees who has it now."""

    owner: ColleagueId | None = Field(default=None, description="left out: the caller")


class Disown(Command):
    """Undo taking a request; refused when somebody else owns it by now."""

    to: ColleagueId | None = Field(
        default=None, description="whom it was taken from; left out: nobody"
    )


class AcknowledgeAlarm(Command):
    """The alarm was heard: it is quiet on every screen until its next escalation."""


class TakeBack(Command):
    """Undo an acceptance; refused once the crew or the facility has answered."""


class Join(Command):
    into: Uuid = Field(description="the request that stays")


class AskPlace(Command):
    """After the assessment: the place that was possible is needed now."""

    pool: Id | None = Field(default=None, description="left out: the plan's choice")
    slot: Id | None = None
    van: Id | None = None
    backup: Id | None = None
    seen: list[Seen] = Field(default=[], max_length=8)
    arrive_ms: Expected | None = None


class Resolve(Told):
    outcome: Literal[
        "resolved_on_scene",
        "resolved_by_phone",
        "ems_handed_over",
        "person_refused",
        "could_not_locate",
    ]
    safety_plan: bool = False
    reason: Reason | None = None


class Cancel(Command):
    reason: Reason


class Settle(Command):
    """Settle the follow-up of an ended request; booking a referral does that by itself."""

    how: Literal["declined", "not_needed", "in_care", "could_not_contact"]
    reason: Reason | None = Field(
        default=None, description="required for not_needed and could_not_contact"
    )


class Share(Command):
    """Share place and safety with law enforcement: an explicit act with its basis."""

    reason: Reason


class CallRescue(Command):
    """Rescue was called (EMS / 911); the clock for confirmed contact runs from now."""


class RescueConfirmed(Command):
    by_name: Name = Field(description="who confirmed that rescue reached the person")


class HandOver(Command):
    to: ColleagueId = Field(description="account that takes over")
    source: Id | None = Field(default=None, description="a supervisor may hand over another's")


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
