"""What a plan says beside its prices, counted again from the raw question: why a part is missing
and who holds it, who would be there first, what is wrong with a lock."""

from collections import Counter
from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from optimizer.plan import Plan
from optimizer.problem import ANY, SELF, Bundle, Policy, Problem, Request
from optimizer.solve import solve, solve_warm

POLICY = Policy(
    max_team_drive_s=4500, max_van_drive_s=4500, max_place_drive_s=4500, horizon_s=5400,
    overtime_grace_s=600,
)  # fmt: skip
SEEDS = range(60)
PARTS = ("team", "van", "place")

Words = set[str]


def _region(random_problem, seed: int) -> Problem:
    """A region in which everything may be wrong: exclusions, kinds, full places, odd locks."""
    rng = np.random.default_rng(seed)
    problem = random_problem(seed, requests=8, teams=6, vans=4, places=5)
    everybody = [x.id for x in (*problem.teams, *problem.vans, *problem.places)]

    def lock() -> Bundle:
        team, van, place = (
            str(rng.choice([*ids, ANY], p=[*([0.6 / len(ids)] * len(ids)), 0.4]))
            for ids in (everybody[:6], [*everybody[6:10], SELF], everybody[10:])
        )
        return Bundle("t0" if (team, van) == (ANY, SELF) else team, van, place)

    def request(asked: Request) -> Request:
        return replace(
            asked,
            excluded=frozenset(rng.choice(everybody, 2).tolist()),
            place_kind=str(rng.choice(["any", "bed", "slot"])),
            all_or_nothing=bool(rng.random() < 0.1),
            locked=lock() if rng.random() < 0.3 else None,
        )

    return replace(
        problem,
        requests=tuple(map(request, problem.requests)),
        vans=tuple(replace(v, shift_end_s=float(rng.integers(2000, 9000))) for v in problem.vans),
        places=tuple(replace(p, kind=str(rng.choice(["bed", "slot"]))) for p in problem.places),
        policy=POLICY,
    )


def _seconds(value: float) -> int | None:
    return None if isnan(value) else round(float(value))


class _Recount:
    """The words about one plan, one pair at a time."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem = problem
        self.ids = {
            "team": [team.id for team in problem.teams],
            "van": [van.id for van in problem.vans],
            "place": [place.id for place in problem.places],
        }
        self.stock = {
            **dict.fromkeys((*self.ids["team"], *self.ids["van"]), 1),
            **{place.id: place.free for place in problem.places},
        }
        self.holders: dict[str, list[str]] = {}
        for asked in problem.requests:
            bundle = plan.of(asked.id).bundle
            for name in (bundle.team, bundle.van, bundle.place):
                self.holders.setdefault(name, []).append(asked.id)

    def used(self, name: str) -> int:
        return len(self.holders.get(name, ()))

    def faults(self, part: str, i: int, k: int) -> Words:
        own = {"team": self.team, "van": self.van, "place": self.place}[part]
        asked, name = self.problem.requests[i], self.ids[part][k]
        return own(i, k) | ({"excluded"} if name in asked.excluded else set())

    def team(self, i: int, j: int) -> Words:
        asked, team = self.problem.requests[i], self.problem.teams[j]
        drive = _seconds(self.problem.team_to_request[j, i])
        words = {"lacks"} if asked.team_mask & ~team.mask else set()
        if drive is None:
            return words | {"unreachable"}
        arrival = round(team.release_s) + drive
        if drive > POLICY.max_team_drive_s:
            words.add("drive")
        if arrival > POLICY.horizon_s:
            words.add("horizon")
        last = team.shift_end_s + POLICY.overtime_grace_s
        if asked.rank and arrival + asked.onscene_s > last:
            words.add("shift")
        return words

    def van(self, i: int, v: int) -> Words:
        asked, van = self.problem.requests[i], self.problem.vans[v]
        drive = _seconds(self.problem.van_to_request[v, i])
        words = {"lacks"} if asked.van_mask & ~van.mask else set()
        if drive is None:
            return words | {"unreachable"}
        eta = round(van.release_s) + drive
        if drive > POLICY.max_van_drive_s:
            words.add("drive")
        if eta > POLICY.horizon_s + asked.onscene_s:
            words.add("horizon")
        if eta > van.shift_end_s + POLICY.overtime_grace_s:
            words.add("shift")
        return words

    def place(self, i: int, p: int) -> Words:
        asked, place = self.problem.requests[i], self.problem.places[p]
        go = _seconds(self.problem.request_to_place[i, p])
        words = {"lacks"} if asked.place_mask & ~place.mask else set()
        if asked.place_kind not in ("any", place.kind):
            words.add("kind")
        if place.free == 0:
            words.add("full")
        if go is None:
            words.add("unreachable")
        elif go > POLICY.max_place_drive_s:
            words.add("drive")
        return words

    def reasons(self, part: str, i: int) -> dict[str, int]:
        """How many of a kind have each fault; who has none is taken, or free and does not fit."""
        count: Counter[str] = Counter()
        for k, name in enumerate(self.ids[part]):
            is_taken = self.used(name) >= self.stock[name]
            count.update(self.faults(part, i, k) or {"taken" if is_taken else "unfit"})
        return dict(count)

    def takers(self, part: str, i: int) -> list[tuple[str, str]]:
        """Who has what would serve this request."""
        return [
            (name, holder)
            for k, name in enumerate(self.ids[part])
            if self.used(name) >= self.stock[name] and not self.faults(part, i, k)
            for holder in self.holders.get(name, ())
        ]

    def lacking(self, part: str, i: int) -> dict[int, int]:
        """How many of a kind lack each bit that is asked for."""
        need = getattr(self.problem.requests[i], f"{part}_mask")
        masks = [one.mask for one in getattr(self.problem, f"{part}s")]
        bits = [bit for bit in range(need.bit_length()) if need >> bit & 1]
        count = {bit: sum(not mask >> bit & 1 for mask in masks) for bit in bits}
        return {bit: number for bit, number in count.items() if number}

    def nearest(self, i: int) -> set[str | None]:
        """The eligible teams that are there first."""
        if not self.problem.requests[i].needs_team:
            return {None}
        arrival = {
            team.id: round(team.release_s) + round(float(self.problem.team_to_request[j, i]))
            for j, team in enumerate(self.problem.teams)
            if not self.faults("team", i, j)
        }
        first = min(arrival.values(), default=None)
        return {name for name, at in arrival.items() if at == first} or {None}

    def lock_faults(self, i: int, bundle: Bundle) -> Words:
        """What is wrong with what a lock fixed."""
        lock, words = self.problem.requests[i].locked, set()
        for part, name in zip(PARTS, (lock.team, lock.van, lock.place), strict=True):
            if name in self.ids[part]:
                own = self.faults(part, i, self.ids[part].index(name))
                own |= {"taken"} if self.used(name) > self.stock[name] else set()
                words |= {f"{part}: {word}" for word in own}
        if bundle.van in self.ids["van"] and bundle.place is not None:
            words |= self._van_ride(i, bundle)
        if bundle.van == SELF:
            words |= self._own_ride(i, bundle)
        return words

    def _ready(self, i: int, team: str | None) -> int:
        """When the person could leave; a team without a way there counts as of the horizon."""
        asked = self.problem.requests[i]
        if team is None:
            return int(asked.onscene_s + (POLICY.horizon_s if asked.needs_team else 0))
        j = self.ids["team"].index(team)
        drive = _seconds(self.problem.team_to_request[j, i])
        release = round(self.problem.teams[j].release_s)
        arrival = int(POLICY.horizon_s) if drive is None else release + drive
        return arrival + int(asked.onscene_s)

    def _go(self, i: int, place: str) -> int:
        go = _seconds(self.problem.request_to_place[i, self.ids["place"].index(place)])
        return int(POLICY.max_place_drive_s) if go is None else go

    def _van_ride(self, i: int, bundle: Bundle) -> Words:
        asked, words = self.problem.requests[i], set()
        v, p = self.ids["van"].index(bundle.van), self.ids["place"].index(bundle.place)
        van, home = self.problem.vans[v], _seconds(self.problem.place_to_base[p, v])
        drive = _seconds(self.problem.van_to_request[v, i])
        eta = POLICY.horizon_s + asked.onscene_s if drive is None else van.release_s + drive
        pick = max(self._ready(i, bundle.team), eta)
        if home is None:
            words, home = {"van: unreachable"}, POLICY.horizon_s
        elif home > POLICY.horizon_s:
            words = {"van: horizon"}
        back = pick + asked.load_s + self._go(i, bundle.place) + home
        late = back > van.shift_end_s + POLICY.overtime_grace_s
        return words | ({"van: shift"} if late else set())

    def _own_ride(self, i: int, bundle: Bundle) -> Words:
        asked, words = self.problem.requests[i], set()
        team = self.problem.teams[self.ids["team"].index(bundle.team)]
        if not asked.allow_self_transport:
            words.add("self: excluded")
        if not team.drives or asked.van_mask & ~team.van_mask:
            words.add("self: lacks")
        if bundle.place is not None and asked.rank:
            there = self._ready(i, bundle.team) + self._go(i, bundle.place)
            if there > team.shift_end_s + POLICY.overtime_grace_s:
                words.add("self: shift")
        return words


def _agree(problem: Problem, plan: Plan) -> tuple[Words, Words]:
    """The words that were said and are true: of missing parts, and of locks."""
    recount, missing, locks = _Recount(problem, plan), set(), set()
    for i, asked in enumerate(problem.requests):
        told = plan.of(asked.id)
        assert {reason.part for reason in told.reasons} == set(told.missing)
        for part in told.missing:
            reasons = {r.fault: r for r in told.reasons if r.part == part}
            assert {f: r.count for f, r in reasons.items()} == recount.reasons(part, i)
            assert {f for f, r in reasons.items() if r.bits} <= {"lacks"}
            assert {f for f, r in reasons.items() if r.holders} <= {"taken"}
            if "lacks" in reasons:
                assert dict(reasons["lacks"].bits) == recount.lacking(part, i)
            if "taken" in reasons:
                holders = [(name, who) for name, who, _ in reasons["taken"].holders]
                assert sorted(holders) == sorted(recount.takers(part, i))
            missing |= {f"{part}: {fault}" for fault in reasons}
        assert told.nearest_team in recount.nearest(i)
        faults = set() if asked.locked is None else recount.lock_faults(i, told.bundle)
        assert set(told.lock_faults) == faults
        assert len(told.lock_faults) == len(faults)
        locks |= faults
    return missing, locks


def test_every_word_of_a_plan_is_true_and_none_is_left_out(random_problem):
    missing, locks = set(), set()
    for seed in SEEDS:
        problem = _region(random_problem, seed)
        more = _agree(problem, solve(problem))
        missing, locks = missing | more[0], locks | more[1]
    pair = {"excluded", "lacks", "unreachable", "drive"}
    moving, here = pair | {"horizon", "shift"}, pair | {"kind", "full"}
    own = {"team": moving, "van": moving, "place": here}
    assert missing == {f"{part}: {w}" for part in PARTS for w in own[part] | {"taken", "unfit"}}
    assert locks == {f"{part}: {word}" for part in PARTS for word in own[part] | {"taken"}} | {
        "self: excluded", "self: lacks", "self: shift"
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(8))
def test_the_words_stay_true_from_event_to_event(random_problem, seed):
    """What only time changes, who comes and who goes: nothing of an earlier moment is told."""
    rng = np.random.default_rng(seed)
    whole = _region(random_problem, seed)
    solved = None
    for _ in range(12):
        waiting = tuple(
            replace(asked, waited_s=float(rng.integers(0, 7200))) for asked in whole.requests
        )
        teams = tuple(replace(t, release_s=float(rng.integers(0, 3600))) for t in whole.teams)
        places = tuple(replace(p, free=int(rng.integers(0, 3))) for p in whole.places)
        whole = replace(whole, requests=waiting, teams=teams, places=places)
        here = sorted(rng.permutation(8)[: rng.integers(5, 9)].tolist())
        problem = replace(
            whole,
            requests=tuple(whole.requests[i] for i in here),
            team_to_request=whole.team_to_request[:, here],
            van_to_request=whole.van_to_request[:, here],
            request_to_place=whole.request_to_place[here],
        )
        solved = solve_warm(problem, before=solved)
        _agree(problem, solved.plan)
