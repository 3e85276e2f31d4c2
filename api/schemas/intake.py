"""What is asked about a person in crisis, and what is known."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.edge import (
    Body,
    Born,
    Command,
    Happened,
    Language,
    Lat,
    Lon,
    Name,
    Phone,
    PlaceId,
    PlaceNeed,
    Text,
    Told,
    Town,
    Urgency,
    Uuid,
    Word,
    Words,
)

YesNo = Literal["no", "unknown", "yes"]
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
