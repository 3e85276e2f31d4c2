"""Whole runs in virtual time: nothing is lost, nobody is in two places, and a seed reproduces."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

from dispatch.planning.release import Stage
from dispatch.planning.situation import Situation, why_out
from dispatch.request import Bundle
from dispatch.words import ENDED
from simulator.figures import estimate, paired
from simulator.policies import POLICIES, Caretower, Means, Nearest, Policy
from simulator.study import Arm, Run, Seeds, SeedsOverlap, findings, on_duty_ms
from tests.simulator.lab import DAY_MS, PARAMETERS, laboratory, team

BUSY = 0.5
"""Demand under which eight teams always have somebody waiting."""


def logged(policy: str, seed: int, days: float = 0.08) -> tuple[Run, str]:
    lines: list[str] = []
    run = laboratory().run(Arm(policy, BUSY, seed, days), lines.append)
    return run, "\n".join(lines)


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_the_same_seed_writes_the_same_log_byte_by_byte(policy: str) -> None:
    first, again = logged(policy, 5), logged(policy, 5)
    assert first[1].encode() == again[1].encode()
    assert first[0].figures == again[0].figures


def test_another_seed_writes_another_log() -> None:
    assert logged("nearest", 5)[1] != logged("nearest", 6)[1]


def test_demand_is_the_same_whoever_decides() -> None:
    def told(log: str) -> list[str]:
        return [line for line in log.splitlines() if " Tell(" in line]

    assert told(logged("nearest", 5)[1]) == told(logged("caretower", 5)[1])


@dataclass
class Watched:
    """A policy with a witness: whatever dispatch knows must make sense."""

    policy: Policy
    seen: int = 0
    moved: int = 0
    nodes: list[tuple[float, float]] = field(default_factory=list)

    def plan(self, situation: Situation) -> Mapping[str, Bundle]:
        self.seen += 1
        self.check(situation)
        return self.policy.plan(situation)

    def check(self, situation: Situation) -> None:
        for pool in situation.pools.values():
            assert min(pool.occupied, pool.closed, pool.reserved, pool.free, pool.deficit) >= 0
            claimed = pool.held + pool.reserved + pool.occupied + pool.closed
            assert pool.free - pool.deficit + claimed == pool.capacity
        named = Counter(
            (kind, unit)
            for request in situation.requests
            for kind, unit in (("team", request.held.team), ("van", request.held.van))
            if unit is not None
        )
        assert all(count == 1 for count in named.values()), "a unit is in two places"
        serving = {
            ("team", one.id) for one in situation.teams.values() if one.request is not None
        } | {("van", one.id) for one in situation.vans.values() if one.request is not None}
        assert serving == set(named)
        reserved = Counter(r.held.pool for r in situation.requests if r.held.pool)
        assert all(situation.pools[one].reserved == count for one, count in reserved.items())


@pytest.mark.parametrize("make", [Nearest, Caretower])
def test_at_every_plan_capacity_adds_up_and_no_unit_is_in_two_places(make: type) -> None:
    watched: list[Watched] = []

    def witness(means: Means) -> Policy:
        watched.append(Watched(make(means)))
        return watched[-1]

    lab = laboratory(policies={"nearest": witness})
    run = lab.run(Arm("nearest", BUSY, 9, 0.2))
    assert watched[0].seen == run.plans > 30


def test_every_request_ends_exactly_once() -> None:
    lab = laboratory()
    lines: list[str] = []
    run = lab.run(Arm("caretower", BUSY, 9, 0.15), lines.append)
    told = [line.split("id='")[1][:36] for line in lines if " Tell(" in line]
    ended = Counter(
        words[1]
        for words in (line.split() for line in lines)
        if len(words) > 2 and words[2] in ENDED
    )
    assert len(told) > 5
    assert ended == Counter(told)
    assert run.figures["never_ended"] == 0


def test_a_policy_that_sends_nobody_leaves_everybody_unserved() -> None:
    class Nobody:
        def __init__(self, means: Means) -> None:
            del means

        def plan(self, situation: Situation) -> Mapping[str, Bundle]:
            del situation
            return {}

    lab = laboratory(policies={"nobody": Nobody})
    figures = lab.run(Arm("nobody", BUSY, 3, 0.15)).figures
    assert figures["all.unserved"] == figures["all.late"] == 1
    assert figures["never_ended"] == figures["utilisation"] == 0
    assert figures["all.mean_min"] == pytest.approx(PARAMETERS.duration.give_up_min)


def test_a_policy_that_names_a_busy_team_makes_the_person_wait_for_it() -> None:
    """Nobody is sent who is not free: the bundle stands until the team is."""

    @dataclass
    class OneTeam:
        means: Means

        def plan(self, situation: Situation) -> Mapping[str, Bundle]:
            return {one.id: Bundle(team="t-0") for one in situation.requests if one.waiting}

    lab = laboratory(policies={"one": OneTeam})
    lines: list[str] = []
    lab.run(Arm("one", 0.1, 3, 0.5), lines.append)
    sent = [words for words in map(str.split, lines) if words[2:3] == ["accepted"]]
    assert len({words[1] for words in sent}) > 1
    assert {words[3] for words in sent} == {"t-0"}


def test_nearest_sends_the_nearest_idle_team() -> None:
    checked = 0

    @dataclass
    class Checked:
        nearest: Nearest

        def plan(self, situation: Situation) -> Mapping[str, Bundle]:
            nonlocal checked
            chosen = self.nearest.plan(situation)
            waiting = [one for one in situation.requests if one.waiting]
            if len(waiting) == 1 and (team_id := chosen[waiting[0].id].team):
                free = [
                    one
                    for one in situation.teams.values()
                    if why_out(one, situation.now_ms) is None
                    and one.id not in waiting[0].excluded_teams
                ]
                person = np.array([[waiting[0].lon, waiting[0].lat]])
                at = np.array([(one.lon, one.lat) for one in free])
                times = lab.roads().matrix(at, person).seconds[:, 0]
                least = float(np.nanmin(times))
                mine = times[[one.id for one in free].index(team_id)]
                assert mine <= least + 1
                checked += 1
            return chosen

    lab = laboratory(policies={"nearest": lambda means: Checked(Nearest(means))})
    lab.run(Arm("nearest", 0.2, 3, 0.5))
    assert checked > 10


def test_shifts_come_back_every_day() -> None:
    half_day = team(1, shift_start_ms=7 * 3_600_000, shift_end_ms=19 * 3_600_000)
    assert on_duty_ms(half_day, 0, DAY_MS) == DAY_MS // 2
    assert on_duty_ms(half_day, 12 * 3_600_000, 2 * DAY_MS) == 19 * 3_600_000
    night = team(1, shift_start_ms=19 * 3_600_000, shift_end_ms=31 * 3_600_000)
    assert on_duty_ms(night, 0, DAY_MS) == DAY_MS // 2


def test_findings_pair_the_seeds_and_a_policy_never_differs_from_itself() -> None:
    lab = laboratory()
    runs = [
        lab.run(Arm(policy, 0.4, seed, 0.15))
        for seed in (1001, 1002, 1003)
        for policy in ("nearest", "sequential")
    ]
    found = findings({0.3: runs})
    of_base = [one for one in found if one.policy == "nearest"]
    assert of_base
    assert all(one.change.mean == 0 for one in of_base)
    late = next(o for o in found if (o.policy, o.figure) == ("sequential", "all.mean_min"))
    ours = [run.figures["all.mean_min"] for run in runs if run.arm.policy == "sequential"]
    assert late.value.mean == pytest.approx(np.mean(ours))


def test_an_interval_is_students_and_one_seed_has_none() -> None:
    one = estimate([1.0, 2.0, 3.0])
    assert (one.mean, one.count) == (2.0, 3)
    assert one.half == pytest.approx(2.4841, abs=1e-3)
    assert np.isinf(estimate([1.0]).half)
    change = paired([11.0, 9.0, 10.0], [10.0, 8.0, 9.0])
    assert change.mean == pytest.approx(1 / 9)
    assert change.half == pytest.approx(0, abs=1e-9)


def test_tuning_finds_the_demand_that_keeps_teams_busy_for_the_wanted_share() -> None:
    lab = laboratory()
    tuned = lab.tuned(0.4, 0.15)
    rate = tuned.rate
    assert {visit.stage for visit in tuned.visits} == set(Stage)
    shares = [lab.run(Arm("nearest", rate, seed, 0.15)).figures["utilisation"] for seed in (1, 2)]
    assert np.mean(shares) == pytest.approx(0.4, abs=0.05)


def test_a_seed_that_was_tuned_on_is_never_reported() -> None:
    with pytest.raises(SeedsOverlap, match="1, 2"):
        Seeds(tuning=(1, 2, 3), report=(2, 1, 9))
    with pytest.raises(ValueError, match="needs"):
        Seeds(tuning=(1,), report=())
