"""What the consoles are shown: one recommendation a request, and the plan that holds them all.

Both are JSON in the registry. They carry ids, times and sentences about resources, never identity.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import msgspec

from dispatch.planning import sentences
from dispatch.planning.cautions import warnings
from dispatch.planning.lacks import unserved
from dispatch.planning.prices import extra_min, first_told, strictness_told
from dispatch.planning.question import Question
from dispatch.planning.serving import WouldServe
from dispatch.planning.situation import being_accepted, must_be_called
from dispatch.planning.story import UNKNOWN, Story
from dispatch.words import Need, Tier
from optimizer.plan import Alternative, Assignment, ByRank, Plan
from optimizer.problem import SELF, Bundle
from registry import states

DRIVES_ITSELF = "self"
TENTHS = 10
NOTHING: Mapping[str, list[WouldServe]] = MappingProxyType({})


class Why(msgspec.Struct, frozen=True):
    """One plain sentence, or a few, for each part."""

    team: str
    van: str
    place: str


class Other(msgspec.Struct, frozen=True):
    """Another bundle and its exact price: `extra_min` is what the whole region pays more, in
    weighted minutes. Who is planned first pays first, whatever the rest gains: where more than one
    rank pays or gains, `paid_first` says which tiers do first, and how much."""

    team: str | None
    van: str | None
    pool: str | None
    slot: str | None
    team_eta_s: float | None
    arrive_s: float | None
    extra_min: float
    paid_first: str | None = None


class Backup(msgspec.Struct, frozen=True):
    """The next pool to ask: claimed by nobody."""

    pool: str
    arrive_s: float | None


class Unserved(msgspec.Struct, frozen=True):
    """Why `count` resources of a kind cannot serve. `resource` is team, van or place.

    Of one that somebody else has: `id`, the request that is its `holder`, and `worth_min`, what one
    more just like it would spare all tiers together, in weighted minutes, found by planning the
    region with it; None where that was not tried. Who is planned first is spared first, whatever
    the rest then pays: where more than one rank pays or is spared, `spared_first` says which tiers
    are first, and how much.
    """

    resource: str
    reason: str
    count: int
    text: str
    id: str | None = None
    holder: str | None = None
    worth_min: float | None = None
    spared_first: str | None = None


class Journey(msgspec.Struct, frozen=True):
    """Where the travel times come from; "estimate" is a guess and is shown as one."""

    engine: str
    quality: Literal["road", "estimate"]


class Recommendation(msgspec.Struct, frozen=True):
    """What would be best for one request. Seconds from the plan's `made_ms`; costs in minutes.

    `van` is "self" when the team drives. Where a place is only possibly needed, `pool` or `slot`
    is the one that would be asked: `claims_place` is false and accepting claims nothing there.
    `alternatives` were priced at `priced_ms` (UTC), perhaps some plans ago; None means not yet.
    `would_serve`: single changes of resources that serve whoever lacks something; None: not yet
    tried.
    `free_ms`: when the team and van that it waits for are expected to be free; it can be accepted
    only then. None where nobody is waited for.
    """

    request: str
    team: str | None
    van: str | None
    pool: str | None
    slot: str | None
    team_eta_s: float | None
    pick_s: float | None
    arrive_s: float | None
    costs: dict[str, float]
    why: Why
    alternatives: list[Other]
    backup: Backup | None
    unserved: list[Unserved]
    ems_now: bool
    call_to_confirm: bool
    travel: Journey
    warnings: list[str] = []
    priced_ms: int | None = None
    claims_place: bool = True
    would_serve: list[WouldServe] | None = None
    free_ms: int | None = None

    @property
    def bundle(self) -> Bundle:
        """The bundle as the optimizer knows it."""
        van = SELF if self.van == DRIVES_ITSELF else self.van
        return Bundle(self.team, van, (self.pool or self.slot) if self.claims_place else None)

    @property
    def empty(self) -> bool:
        """Whether nobody is recommended."""
        return self.bundle == Bundle()


class Strictness(msgspec.Struct, frozen=True):
    """That every tier is planned before the next, and what that costs the region in weighted
    minutes; None while it is not priced."""

    extra_min: float | None
    text: str


class PlanView(msgspec.Struct, frozen=True):
    """The region's plan. `version` grows by one with each; `at` is the position it was made at.

    `gap` is at most how far from the best this is, `objective_min` its price, both in weighted
    minutes. `degraded` says in words why the plan is old or worse than it should be. `strictness`
    is None where weights trade between the tiers.
    """

    version: int
    made_ms: int
    at: tuple[int, int]
    stage: str
    proved: bool
    gap: float
    objective_min: float
    recommendations: dict[str, Recommendation]
    degraded: str | None = None
    strictness: Strictness | None = None


def encode(view: PlanView) -> bytes:
    """The plan as JSON."""
    return msgspec.json.encode(view)


def decode(plan: bytes) -> PlanView:
    """The plan from JSON. Raises msgspec.ValidationError."""
    return msgspec.json.decode(plan, type=PlanView)


def plan_view(
    question: Question,
    plan: Plan,
    version: int,
    at: tuple[int, int],
    shown: PlanView | None = None,
    serving: Mapping[str, list[WouldServe]] = NOTHING,
    strict_tenths: int | None = None,
    degraded: str | None = None,
    worth: Mapping[str, ByRank] = UNKNOWN,
) -> PlanView:
    """The optimizer's answer for people; `degraded` says in words what is wrong with it.

    Who is just being accepted keeps what is `shown`; so do alternatives until they are priced anew.
    `serving` is what would serve whom, `strict_tenths` the price of strictness, `worth` what one
    more of a resource spares by rank, where that is known already.
    """
    story = Story.of(question, plan, worth)
    accepting = being_accepted(question.situation) & story.requests.keys()
    kept = {} if shown is None else shown.recommendations
    return PlanView(
        version=version,
        made_ms=question.situation.now_ms,
        at=at,
        stage=plan.stage,
        proved=plan.proved,
        gap=plan.gap / TENTHS,
        objective_min=plan.objective / TENTHS,
        recommendations={name: kept[name] for name in sorted(accepting) if name in kept}
        | {
            assignment.request_id: _with_old_prices(
                recommendation(story, assignment, serving.get(assignment.request_id)),
                kept.get(assignment.request_id),
                story,
            )
            for assignment in plan.assignments
        },
        strictness=strictness(question, strict_tenths),
        degraded=degraded,
    )


def strictness(question: Question, tenths: int | None) -> Strictness | None:
    """What the policy's strict order costs, in words; None if weights trade."""
    if not question.rules.planning.strict:
        return None
    extra_min = None if tenths is None else tenths / TENTHS
    return Strictness(extra_min, strictness_told(extra_min))


@dataclass(frozen=True, slots=True)
class Priced:
    """What takes longer than the plan: the plan with some requests explained, what would serve
    them, what one more of what they lack is worth, and the price of strictness, if that was
    asked."""

    plan: Plan
    serving: Mapping[str, list[WouldServe]]
    worth: Mapping[str, ByRank]
    strict_tenths: int | None = None


def explained_view(
    view: PlanView, question: Question, priced: Priced, requests: Collection[str], version: int
) -> PlanView:
    """The same plan with what was priced about these requests."""
    plan, tenths = priced.plan, priced.strict_tenths
    story = Story.of(question, plan, priced.worth)
    anew = {
        name: recommendation(story, plan.of(name), priced.serving.get(name)) for name in requests
    }
    told = view.strictness if tenths is None else strictness(question, tenths)
    return msgspec.structs.replace(
        view, version=version, recommendations=view.recommendations | anew, strictness=told
    )


def _with_old_prices(
    new: Recommendation, old: Recommendation | None, story: Story
) -> Recommendation:
    """Keep alternatives on the screen as long as the bundle stays and they are still possible, and
    what would serve the person as long as they lack the same for the same reasons."""
    if old is None or old.bundle != new.bundle:
        return new
    if new.would_serve is None and _lacks(old) == _lacks(new):
        new = msgspec.structs.replace(new, would_serve=old.would_serve)
    if new.priced_ms is not None:
        return new
    known: set[str | None] = {None, DRIVES_ITSELF}
    known |= story.team_row.keys() | story.van_row.keys() | story.place_row.keys()
    possible = [
        other
        for other in old.alternatives
        if {other.team, other.van, other.pool, other.slot} <= known
    ]
    return msgspec.structs.replace(new, alternatives=possible, priced_ms=old.priced_ms)


def _lacks(told: Recommendation) -> list[tuple[str, str, int, str | None, str | None]]:
    """What is missing and why, without its price."""
    return [(one.resource, one.reason, one.count, one.id, one.holder) for one in told.unserved]


def recommendation(
    story: Story, assignment: Assignment, serving: list[WouldServe] | None = None
) -> Recommendation:
    """One request's part of the plan."""
    question, bundle = story.question, assignment.bundle
    claims_place = story.request(assignment.request_id).needs.place is not Need.POSSIBLE
    asked = bundle.place if claims_place else assignment.backup_place
    pool, slot = _place(question, asked)
    arrivals = assignment.arrivals
    arrive_s = arrivals.place_s
    if not claims_place:
        arrive_s = story.arrive_s(assignment.request_id, Bundle(bundle.team, bundle.van, asked))
    return Recommendation(
        request=assignment.request_id,
        team=story.team_of(assignment),
        van=_van(bundle.van),
        pool=pool,
        slot=slot,
        team_eta_s=arrivals.team_s,
        pick_s=arrivals.pick_s,
        arrive_s=arrive_s,
        costs={name: cost / TENTHS for name, cost in assignment.costs},
        why=Why(
            team=sentences.team(story, assignment),
            van=sentences.van(story, assignment),
            place=sentences.place(story, assignment),
        ),
        alternatives=[_other(story, assignment, other) for other in assignment.alternatives],
        backup=_backup(story, assignment, asked),
        unserved=[
            Unserved(
                lack.part,
                lack.reason,
                lack.count,
                lack.text,
                lack.resource,
                lack.holder,
                lack.worth_min,
                lack.spared_first,
            )
            for lack in unserved(story, assignment)
        ],
        ems_now=ems_now(story, assignment),
        call_to_confirm=_call_to_confirm(question, assignment),
        travel=Journey(question.travel.engine, question.travel.quality),
        warnings=warnings(story, assignment),
        claims_place=claims_place,
        free_ms=_free_ms(story, assignment),
        priced_ms=question.situation.now_ms if assignment.alternatives else None,
        would_serve=serving,
    )


def _free_ms(story: Story, assignment: Assignment) -> int | None:
    """When the last busy unit that the request waits for is expected to be free."""
    situation, bundle = story.question.situation, assignment.bundle
    units = (bundle.team, bundle.van) if story.request(assignment.request_id).waiting else ()
    waited = [release for unit in units if (release := situation.releases.get(unit or ""))]
    return situation.now_ms + round(1000 * max(r.expected_s for r in waited)) if waited else None


def ems_now(story: Story, assignment: Assignment) -> bool:
    """Whether the console asks "EMS / 911 now?": no team reaches an imminent person in time."""
    request = story.request(assignment.request_id)
    if request.tier is not Tier.IMMINENT or request.reached_ms is not None:
        return False
    eta_s = assignment.arrivals.team_s
    return eta_s is None or story.question.situation.now_ms + eta_s * 1000 > request.target_ms


def _call_to_confirm(question: Question, assignment: Assignment) -> bool:
    """A stale count is confirmed before a person is sent; also that of a place only planned."""
    found = _vacancy(question, assignment.bundle.place or assignment.backup_place)
    return found is not None and must_be_called(found, question.situation.now_ms, question.rules)


def _vacancy(question: Question, place: str | None) -> states.Pool | states.Slot | None:
    situation = question.situation
    return situation.pools.get(place or "") or situation.slots.get(place or "")


def _place(question: Question, place: str | None) -> tuple[str | None, str | None]:
    """The place as (pool, slot)."""
    if place is None:
        return None, None
    return (None, place) if place in question.situation.slots else (place, None)


def _van(van: str | None) -> str | None:
    return DRIVES_ITSELF if van == SELF else van


def _other(story: Story, assignment: Assignment, other: Alternative) -> Other:
    pool, slot = _place(story.question, other.bundle.place)
    return Other(
        team=other.bundle.team,
        van=_van(other.bundle.van),
        pool=pool,
        slot=slot,
        team_eta_s=story.team_s(assignment.request_id, other.bundle.team),
        arrive_s=story.arrive_s(assignment.request_id, other.bundle),
        extra_min=extra_min(other),
        paid_first=first_told(story, other.regret_by_rank),
    )


def _backup(story: Story, assignment: Assignment, asked: str | None) -> Backup | None:
    """The next pool to ask after `asked`; of appointments another one is chosen by a person."""
    name = assignment.backup_place
    if name == asked:
        name = story.next_place(assignment.request_id, asked)
    if name is None or name not in story.question.situation.pools:
        return None
    bundle = Bundle(assignment.bundle.team, assignment.bundle.van, name)
    return Backup(name, story.arrive_s(assignment.request_id, bundle))


def next_version(view: PlanView | None) -> int:
    """Which version the plan after this one is."""
    return 1 if view is None else view.version + 1


def shown_bundles(view: PlanView | None) -> Mapping[str, Bundle]:
    """The bundles that the consoles show, by request: what stability keeps."""
    if view is None:
        return {}
    return {name: one.bundle for name, one in view.recommendations.items() if not one.empty}
