"""What planning may know at one moment, and what can be said of it by itself. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from directory.participants import Agreement
from dispatch.planning.policy import PlanningPolicy
from dispatch.request import CrisisRequest
from dispatch.whereabouts import Unit, position_age_s
from dispatch.words import Tier
from optimizer.problem import ANY, SELF, Bundle
from registry import states
from registry.freshness import Freshness, FreshnessPolicy
from registry.states import UnitStatus
from registry.vocabulary import Vocabulary

Vacancy = states.Pool | states.Slot


@dataclass(frozen=True, slots=True)
class Release:
    """When and where a busy unit is expected to be free, in seconds from now.

    `planned_s` is what the planner counts on: later than expected, as the policy's risk says.
    """

    expected_s: float
    spread_s: float
    planned_s: float
    at: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Situation:
    """All that planning may know at one moment.

    `agreements` are by facility: one without any takes people of every zone. `lapsed` names the
    crew words of a team whose credential has run out. `shown` is the bundle on the consoles, by
    request. `names` gives facilities, providers and zones their names. A person may decide besides:
    `fixed` parts of bundles by request (ANY stays open), `forbidden` resources by request, and
    resources `withheld` from everybody.
    `releases` are those of busy units that may be planned for whoever can wait for them.
    `timezone` is the region's.
    """

    now_ms: int
    requests: Sequence[CrisisRequest] = ()
    teams: Mapping[str, states.Team] = field(default_factory=dict)
    vans: Mapping[str, states.Van] = field(default_factory=dict)
    pools: Mapping[str, states.Pool] = field(default_factory=dict)
    slots: Mapping[str, states.Slot] = field(default_factory=dict)
    holds: Mapping[str, states.Hold] = field(default_factory=dict)
    agreements: Mapping[str, Sequence[Agreement]] = field(default_factory=dict)
    lapsed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shown: Mapping[str, Bundle] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Bundle] = field(default_factory=dict)
    forbidden: Mapping[str, frozenset[str]] = field(default_factory=dict)
    withheld: frozenset[str] = frozenset()
    releases: Mapping[str, Release] = field(default_factory=dict)
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Rules:
    """The policies and the vocabulary that planning follows."""

    planning: PlanningPolicy
    freshness: FreshnessPolicy
    weight: Mapping[Tier, float]
    vocabulary: Vocabulary


OLD = (Freshness.STALE, Freshness.NO_RESPONSE)


def freshness(place: Vacancy, now_ms: int, rules: Rules) -> Freshness:
    """How far a count can be trusted. A slot is a promise of its provider: always fresh."""
    if isinstance(place, states.Slot):
        return Freshness.FRESH
    return rules.freshness.judge_pool(place, now_ms)


def must_be_called(place: Vacancy, now_ms: int, rules: Rules) -> bool:
    """A stale count is confirmed by telephone before a person is sent."""
    return freshness(place, now_ms, rules) in OLD


def is_lost(unit: Unit, now_ms: int, rules: Rules) -> bool:
    """Whether its position is so old that it may be anywhere."""
    judged = rules.freshness.of("position").judge(position_age_s(unit, now_ms))
    return judged is Freshness.NO_RESPONSE


def is_remote(place: Vacancy) -> bool:
    """Whether nobody has to travel there."""
    return isinstance(place, states.Slot) and place.mode == "telehealth"


def why_out(unit: Unit, now_ms: int) -> str | None:
    """Why a unit can serve nobody new, or None."""
    if unit.status is UnitStatus.OUT_OF_SERVICE:
        return "out_of_service"
    if not unit.shift_start_ms <= now_ms < unit.shift_end_ms:
        return "off_shift"
    if unit.request is not None or unit.status is not UnitStatus.AVAILABLE:
        return "committed"
    if unit.hold is not None:
        return "held"
    if isinstance(unit, states.Van) and unit.driver is None:
        return "without_driver"
    return None


def why_gives_nothing(place: Vacancy, now_ms: int, rules: Rules) -> str | None:
    """Why a place gives nothing new, or None. A full one stays in, to be named as full."""
    if isinstance(place, states.Pool):
        return "paused" if place.paused else "overcommitted" if place.overcommitted else None
    begins_s = (place.starts_ms - now_ms) / 1000
    if not place.open:
        return "closed"
    return None if 0 < begins_s <= rules.planning.slot_within_s else "not_in_time"


def being_accepted(situation: Situation) -> frozenset[str]:
    """Requests with a hold: somebody is accepting this moment, so they keep what is shown."""
    return frozenset(hold.request for hold in situation.holds.values())


def facility_of(place: Vacancy) -> str:
    """Whose place it is."""
    return place.facility if isinstance(place, states.Pool) else place.provider


def parts_of(bundles: Iterable[Bundle]) -> frozenset[str]:
    """The teams, vans and places that these bundles name."""
    parts = {part for bundle in bundles for part in (bundle.team, bundle.van, bundle.place)}
    return frozenset(part for part in parts if part is not None and part not in (ANY, SELF))
