"""What holds in the plan of any situation."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.planning.question import question
from dispatch.planning.recommendation import plan_view
from dispatch.planning.situation import Situation, must_be_called
from dispatch.request import SELF, Custody
from dispatch.words import Custodian, LegalBasis, Need, Tier, Transporter
from optimizer.check import check
from optimizer.solve import solve
from tests.dispatch.planning.situation import (
    MIN_MS,
    NOW_MS,
    RULES,
    STRICT,
    a_pool,
    a_slot,
    a_team,
    a_van,
    by,
    roads,
    waiting,
)

NEEDS = st.sampled_from([Need.NONE, Need.POSSIBLE, Need.NEEDED])
TRANSPORTERS = st.frozensets(st.sampled_from(list(Transporter)))
WORDS = st.frozensets(
    st.sampled_from(["adult", "child", "voluntary", "wheelchair", "lang_es", "therapist"])
)


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    def some(make: Any, prefix: str, **given: Any) -> dict[str, Any]:
        count = draw(st.integers(0, 3))
        return by(
            *(
                make(f"{prefix}{k}", **{name: draw(value) for name, value in given.items()})
                for k in range(count)
            )
        )

    words = WORDS.map(lambda chosen: tuple(sorted(chosen)))
    told = st.integers(NOW_MS - 2000 * MIN_MS, NOW_MS)
    requests = [
        replace(
            waiting(
                custody=draw(
                    st.none()
                    | TRANSPORTERS.map(
                        lambda may: Custody(
                            LegalBasis.OFFICER_HOLD, Custodian.LAW_ENFORCEMENT, may, NOW_MS
                        )
                    )
                ),
                excluded_teams=draw(st.frozensets(st.sampled_from(["T0", "T1"]))),
                excluded_facilities=draw(st.frozensets(st.sampled_from(["F-P0", "F-S0"]))),
                need=draw(NEEDS),
                van=draw(NEEDS),
                team=draw(st.booleans()),
                words=draw(WORDS),
                tier=draw(st.sampled_from(list(Tier))),
                slot=draw(st.booleans()),
                opened_ms=NOW_MS - draw(st.integers(0, 600)) * MIN_MS,
            ),
            id=f"R{k}",
        )
        for k in range(draw(st.integers(0, 3)))
    ]
    return {
        "requests": requests,
        "teams": some(
            a_team,
            "T",
            offers=words,
            seats=st.integers(0, 2),
            request=st.sampled_from([None, None, "R9"]),
        ),
        "vans": some(
            a_van,
            "V",
            offers=words,
            seats=st.integers(0, 3),
            request=st.sampled_from([None, None, "R9"]),
        ),
        "pools": some(
            a_pool,
            "P",
            takes=words.map(lambda known: (*known, "involuntary")),
            free=st.integers(0, 2),
            deficit=st.sampled_from([0, 0, 1]),
            paused=st.booleans(),
            updated_ms=told,
            confirmed_ms=st.just(0),
        ),
        "slots": some(a_slot, "S", takes=words, mode=st.sampled_from(["in_person", "telehealth"])),
    }


@settings(max_examples=60, deadline=None)
@given(situations(), st.integers(0, 150))
def test_every_plan_passes_the_checker_and_keeps_to_what_was_declared(
    given_: dict[str, Any], default_min: int
) -> None:
    situation = Situation(now_ms=NOW_MS, **given_)
    put = question(situation, RULES, roads({}, default_min))
    plan = solve(put.problem)
    assert check(put.problem, plan) == ()
    view = plan_view(put, plan, 1, (1, 1))
    for request in situation.requests:
        best = view.recommendations[request.id]
        place = situation.pools.get(best.pool or "")
        if place is not None:
            asked_for = request.needs.words & {"adult", "child", "voluntary", "wheelchair"}
            assert asked_for <= set(place.takes)
            assert not place.paused
        if best.team is not None:
            crew = request.needs.words & {"therapist"}
            assert crew <= set(situation.teams[best.team].offers)
        if request.needs.place is not Need.NEEDED:
            assert best.van is None
            assert best.bundle.place is None


@settings(max_examples=25, deadline=None)
@given(situations(), st.integers(0, 150), st.booleans())
def test_what_must_never_happen_happens_in_no_plan(
    given_: dict[str, Any], default_min: int, strict: bool
) -> None:
    """Overcommitted places give nothing, nobody is diverted, nobody who declined is asked again,
    vans are shared by nobody, custody binds the driver, an old count is called, and a credential
    that has lapsed leaves nobody alone."""
    situation = Situation(now_ms=NOW_MS, **given_)
    rules = STRICT if strict else RULES
    put = question(situation, rules, roads({}, default_min))
    plan = solve(put.problem)
    assert check(put.problem, plan) == ()
    best = plan_view(put, plan, 1, (1, 1)).recommendations
    for request in situation.requests:
        one = best[request.id]
        pool, slot = (situation.pools.get(one.pool or ""), situation.slots.get(one.slot or ""))
        if pool is not None:
            assert not pool.overcommitted
            assert not pool.paused
            assert pool.facility not in request.excluded_facilities
            old = must_be_called(pool, NOW_MS, rules)
            assert one.call_to_confirm is old
        assert slot is None or slot.provider not in request.excluded_facilities
        assert one.team not in request.excluded_teams
        units = [situation.teams.get(one.team or ""), situation.vans.get(one.van or "")]
        assert all(unit is None or unit.request is None for unit in units)
        if request.custody is not None and one.van is not None:
            driver = Transporter.TEAM if one.van == SELF else Transporter.VAN
            assert driver in request.custody.transport_by
    vans = [one.van for one in best.values() if one.van not in (None, SELF)]
    assert len(vans) == len(set(vans))
    lapsed = replace(situation, lapsed=dict.fromkeys(situation.teams, ("therapist",)))
    anyway = solve(question(lapsed, rules, roads({}, default_min)).problem)
    left = [reason for one in anyway.assignments for reason in one.reasons]
    assert not [reason for reason in left if (reason.part, reason.fault) == ("team", "unfit")]
