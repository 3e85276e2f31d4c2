"""The closed words of a crisis request: states, events, roles, answers, clocks."""

from enum import IntEnum, StrEnum


class State(StrEnum):
    """Where a crisis request stands."""

    REQUESTED = "requested"
    RECOMMENDED = "recommended"
    ACCEPTED = "accepted"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    TRANSPORTING = "transporting"
    ARRIVED = "arrived"
    HANDED_OVER = "handed_over"
    RESOLVED_ON_SCENE = "resolved_on_scene"
    RESOLVED_BY_PHONE = "resolved_by_phone"
    EMS_HANDED_OVER = "ems_handed_over"
    PERSON_REFUSED = "person_refused"
    COULD_NOT_LOCATE = "could_not_locate"
    CANCELLED = "cancelled"


WAITING = frozenset({State.REQUESTED, State.RECOMMENDED})
CARRIED_OUT = frozenset(
    {
        State.ACCEPTED,
        State.ACKNOWLEDGED,
        State.EN_ROUTE,
        State.ON_SCENE,
        State.TRANSPORTING,
        State.ARRIVED,
    }
)
OPEN = WAITING | CARRIED_OUT
ENDED = frozenset(State) - OPEN
FOLLOWED_UP = frozenset(
    {
        State.HANDED_OVER,
        State.RESOLVED_ON_SCENE,
        State.RESOLVED_BY_PHONE,
        State.EMS_HANDED_OVER,
        State.PERSON_REFUSED,
        State.COULD_NOT_LOCATE,
    }
)
"""The ends after which the person is owed a call: they were spoken with, or never found."""


class Event(StrEnum):
    """What can happen to a crisis request."""

    RECOMMEND = "recommend"
    WITHDRAW_RECOMMENDATION = "withdraw_recommendation"
    TRIAGE = "triage"
    ACCEPT = "accept"
    DIVERT = "divert"
    TAKE_BACK = "take_back"
    ASK_PLACE = "ask_place"
    CREW_ACKNOWLEDGE = "crew_acknowledge"
    CREW_DECLINE = "crew_decline"
    FACILITY_ACCEPT = "facility_accept"
    FACILITY_DECLINE = "facility_decline"
    FACILITY_DECLINE_WITHOUT_CREW = "facility_decline_without_crew"
    DEPART = "depart"
    REACH_PERSON = "reach_person"
    ALL_WELL = "all_well"
    LEAVE_WITH_PERSON = "leave_with_person"
    REACH_PLACE = "reach_place"
    HAND_OVER_PERSON = "hand_over_person"
    RESOLVE_ON_SCENE = "resolve_on_scene"
    RESOLVE_BY_PHONE = "resolve_by_phone"
    HAND_OVER_TO_EMS = "hand_over_to_ems"
    PERSON_REFUSES = "person_refuses"
    NOT_LOCATED = "not_located"
    JOIN = "join"
    CANCEL = "cancel"


class Role(StrEnum):
    """Who acts. `SYSTEM` is the planner and the keeper."""

    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    FACILITY = "facility"
    FIELD = "field"
    PROVIDER = "provider"
    LAW_ENFORCEMENT = "law_enforcement"
    WALL = "wall"
    SYSTEM = "system"


class Answer(StrEnum):
    """An answer to a screening question; `UNKNOWN` counts as high risk, never as a no."""

    NO = "no"
    UNKNOWN = "unknown"
    YES = "yes"


class Level(IntEnum):
    """Clinical risk, in rising order."""

    NONE = 0
    LOW = 1
    MODERATE = 2
    HIGH = 3
    IMMINENT = 4


class Urgency(IntEnum):
    """How soon and by whom: an axis of its own beside the clinical risk."""

    ROUTINE = 1
    MODERATE = 2
    URGENT = 3
    EMERGENT = 4


class Tier(StrEnum):
    """In which order people are planned. A tier is a name, its weight is policy."""

    ROUTINE = "routine"
    MODERATE = "moderate"
    HIGH = "high"
    IMMINENT = "imminent"

    @property
    def rank(self) -> int:
        """0 (routine) to 3 (imminent)."""
        return list(Tier).index(self)


class Need(StrEnum):
    """Whether a place or a van is needed. A *possible* need claims nothing."""

    NONE = "none"
    POSSIBLE = "possible"
    NEEDED = "needed"


class CrewAnswer(StrEnum):
    """What the crew said to its task."""

    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"


class FacilityAnswer(StrEnum):
    """What the facility said to the incoming person."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Rescue(StrEnum):
    """The closed loop of an active rescue: called, then contact confirmed."""

    OPEN = "open"
    CONFIRMED = "confirmed"


class Settled(StrEnum):
    """How the follow-up of an ended request was settled."""

    REFERRED = "referred"
    DECLINED = "declined"
    NOT_NEEDED = "not_needed"
    IN_CARE = "in_care"
    COULD_NOT_CONTACT = "could_not_contact"


class Clock(StrEnum):
    """A deadline that somebody owns."""

    OWNER = "owner"
    ARRIVAL = "arrival"
    CREW_ANSWER = "crew_answer"
    FACILITY_ANSWER = "facility_answer"
    PLACE = "place"
    CUSTODY = "custody"
    RESCUE = "rescue"
    FOLLOW_UP = "follow_up"
    CHECK_IN = "check_in"
    CHECK_IN_SUPERVISOR = "check_in_supervisor"


class ClosureReason(StrEnum):
    """Why roads are closed or slow."""

    WEATHER = "weather"
    FIRE = "fire"
    FLOOD = "flood"
    CRASH = "crash"
    EVENT = "event"
    WORKS = "works"
    OTHER = "other"


class LegalBasis(StrEnum):
    """On what an involuntary status rests."""

    OFFICER_HOLD = "officer_hold"
    EXAMINER_CERTIFICATE = "examiner_certificate"
    COURT_ORDER = "court_order"


class Custodian(StrEnum):
    """Who has custody of an involuntary person."""

    LAW_ENFORCEMENT = "law_enforcement"
    MENTAL_HEALTH_OFFICER = "mental_health_officer"
    EMS = "ems"
    FACILITY = "facility"


class Transporter(StrEnum):
    """Who may drive an involuntary person. A secure van is no authority by itself."""

    LAW_ENFORCEMENT = "law_enforcement"
    EMS = "ems"
    TEAM = "team"
    VAN = "van"


class Consent(StrEnum):
    """Where the consent of a minor's guardian stands."""

    GIVEN = "given"
    NOT_REACHED = "not_reached"
    REFUSED = "refused"
    EMERGENCY = "emergency"


class Escort(StrEnum):
    """Who rides with a minor."""

    GUARDIAN = "guardian"
    CREW = "crew"
    OFFICER = "officer"
