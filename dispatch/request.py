"""A crisis request and what is known about the person, as frozen values.

Insurance, residency and immigration status are not fields, here or anywhere
(R523-17-5(2)(d), (e)): nobody can be refused for what nobody can record.
"""

from dataclasses import dataclass, field

from dispatch.words import (
    CARRIED_OUT,
    FOLLOWED_UP,
    OPEN,
    WAITING,
    Answer,
    Consent,
    CrewAnswer,
    Custodian,
    Escort,
    FacilityAnswer,
    LegalBasis,
    Need,
    Rescue,
    Settled,
    State,
    Tier,
    Transporter,
    Urgency,
)

SELF = "self"  # in `Bundle.van`: the team drives the person itself
MINORS = frozenset({"child", "adolescent"})


@dataclass(frozen=True, slots=True)
class Needs:
    """What would serve the person; `words` are of the capability vocabulary.

    `pool_types` are the acceptable types of place in order of preference, the least restrictive
    first; empty means any type that takes the person. `seats` counts the person and whoever rides
    along. `facility` is the person's own choice. `slot` asks for an appointment, not a bed.
    """

    words: frozenset[str] = frozenset()
    team: bool = True
    place: Need = Need.POSSIBLE
    van: Need = Need.POSSIBLE
    pool_types: tuple[str, ...] = ()
    slot: bool = False
    seats: int = 1
    facility: str | None = None

    @property
    def minor(self) -> bool:
        return bool(self.words & MINORS)


@dataclass(frozen=True, slots=True)
class Cssrs:
    """The Columbia screener's answers: five about the past month, then suicidal behaviour."""

    wish_to_be_dead: Answer = Answer.UNKNOWN
    suicidal_thoughts: Answer = Answer.UNKNOWN
    thoughts_of_method: Answer = Answer.UNKNOWN
    some_intent: Answer = Answer.UNKNOWN
    intent_with_plan: Answer = Answer.UNKNOWN
    behaviour_lifetime: Answer = Answer.UNKNOWN
    behaviour_3_months: Answer = Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class Risk:
    """Clinical risk as it was asked for; what was not asked is `UNKNOWN`, never no.

    `buffers` are what protects: there a *no* raises the risk. Psychosis, violence, overdose and
    danger to others have no score in the Columbia screener and are asked for besides.
    """

    cssrs: Cssrs = field(default_factory=Cssrs)
    desire: Answer = Answer.UNKNOWN
    intent: Answer = Answer.UNKNOWN
    capability: Answer = Answer.UNKNOWN
    buffers: Answer = Answer.UNKNOWN
    violence: Answer = Answer.UNKNOWN
    psychosis: Answer = Answer.UNKNOWN
    overdose: Answer = Answer.UNKNOWN
    danger_to_others: Answer = Answer.UNKNOWN
    imminent: Answer = Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class Hazards:
    """What may hurt whoever goes there, as it was asked; what was not asked is never a no.

    `violence` is towards others, now or before; `premises` the place itself (stairs, fire, people).
    What is known in words stands in `Person`.
    """

    weapons: Answer = Answer.UNKNOWN
    violence: Answer = Answer.UNKNOWN
    dogs: Answer = Answer.UNKNOWN
    premises: Answer = Answer.UNKNOWN
    infection: Answer = Answer.UNKNOWN


@dataclass(frozen=True, slots=True)
class Custody:
    """An involuntary status: on what it rests, who has custody since when, who may drive."""

    basis: LegalBasis
    custodian: Custodian
    transport_by: frozenset[Transporter]
    since_ms: int


@dataclass(frozen=True, slots=True)
class Guardianship:
    """A minor's guardian: consent and escort. Name and telephone are in `Person`."""

    consent: Consent = Consent.NOT_REACHED
    escort: Escort | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is and what the team must know: kept in a table of its own, each read is audited.

    Never in a card, an event, a log line or an error.
    """

    name: str | None = None
    date_of_birth: str | None = None
    address: str | None = None
    callback: str | None = None
    third_party: bool = False
    caller_name: str | None = None
    interpreter: str | None = None
    guardian_name: str | None = None
    guardian_phone: str | None = None
    problem: str | None = None
    violence_history: str | None = None
    substance_history: str | None = None
    weapons: str | None = None
    dogs: str | None = None
    police_plan: str | None = None
    premises: str | None = None
    infection: str | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """The alarm of an unowned imminent request, heard by a member of staff; quiet until then."""

    by: str
    at_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """Who is sent and where to: team or none; van, `SELF` or none; bed pool, slot or none."""

    team: str | None = None
    van: str | None = None
    pool: str | None = None
    slot: str | None = None
    backup: str | None = None

    @property
    def claimed_van(self) -> str | None:
        """The van that must be claimed: none when the team drives itself."""
        return None if self.van == SELF else self.van

    @property
    def place(self) -> str | None:
        return self.pool or self.slot


@dataclass(frozen=True, slots=True)
class CrisisRequest:
    """One crisis request: everything but the person's identity. Times in ms UTC.

    `plan` is the bundle that was accepted, `held` the part of it that is claimed now: a place or
    van that is only possibly needed is in `plan` and not yet in `held`. `facility` was asked.
    `check_in_from_ms` is when a crew on scene last was known to be well.
    `stepped_ms` is when the last change of state happened; a recommendation is none. `overdue`
    clocks have run out; `raised` ones of them nobody answered: they are a supervisor's.
    """

    id: str
    version: int
    state: State
    opened_ms: int
    zone: str
    place: str
    lon: float
    lat: float
    needs: Needs
    risk: Risk
    urgency: Urgency
    tier: Tier
    target_ms: int
    policy: str
    owner: str | None = None
    silence: Silence | None = None
    custody: Custody | None = None
    custody_due_ms: int | None = None
    guardianship: Guardianship | None = None
    hazards: Hazards = field(default_factory=Hazards)
    plan: Bundle = field(default_factory=Bundle)
    held: Bundle = field(default_factory=Bundle)
    eta_ms: int | None = None
    arrive_ms: int | None = None
    reached_ms: int | None = None
    crew_answer: CrewAnswer | None = None
    crew_due_ms: int | None = None
    facility: str | None = None
    facility_answer: FacilityAnswer | None = None
    facility_by: str | None = None
    answer_due_ms: int | None = None
    place_wanted_ms: int | None = None
    stepped_ms: int = 0
    overdue: frozenset[str] = frozenset()
    raised: frozenset[str] = frozenset()
    rescue: Rescue | None = None
    rescue_due_ms: int | None = None
    rescue_owner: str | None = None
    check_in_from_ms: int | None = None
    check_in_due_ms: int | None = None
    check_in_taken_by: str | None = None
    shared_le: bool = False
    joined_to: str | None = None
    excluded_teams: frozenset[str] = frozenset()
    excluded_facilities: frozenset[str] = frozenset()
    changed_ms: int = 0
    ended_ms: int | None = None
    follow_up_due_ms: int | None = None
    settled: Settled | None = None

    @property
    def owed(self) -> bool:
        """Whether anybody still owes the person something: screens keep showing it."""
        return self.state in OPEN or self.rescue is Rescue.OPEN or self.follow_up_owed

    @property
    def follow_up_owed(self) -> bool:
        """Whether the request ended with the person and its follow-up is not settled."""
        return self.state in FOLLOWED_UP and self.settled is None

    @property
    def alarms(self) -> bool:
        """Whether it is the one thing that sounds: imminent, open, and nobody's."""
        return self.tier is Tier.IMMINENT and self.owner is None and self.state in OPEN

    @property
    def waiting(self) -> bool:
        """Whether the planner may choose a team for this request."""
        return self.state in WAITING

    @property
    def needs_place_now(self) -> bool:
        """Whether a crew has its task while the place is needed and none is claimed."""
        return (
            self.state in CARRIED_OUT
            and self.needs.place is Need.NEEDED
            and self.held.place is None
        )

    @property
    def involuntary(self) -> bool:
        return self.custody is not None or "involuntary" in self.needs.words

    @property
    def self_transport(self) -> bool:
        return self.plan.van == SELF


@dataclass(frozen=True, slots=True)
class Note:
    """A note in the request's timeline."""

    id: str
    request: str
    author: str
    at_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Unmet:
    """One line of the unmet-need log: what could not be had, why, and who decided."""

    id: str
    request: str
    at_ms: int
    kind: str
    resource: str | None
    reason: str
    decided_by: str
    recorded_by: str
    protected: bool
