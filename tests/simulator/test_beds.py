"""The truth behind the counts: never more people than beds, and reports that tell about it."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from registry.laws import recount_pool
from simulator.agenda import Agenda
from simulator.beds import Beds, Happens
from simulator.deeds import Count, Deed, Pause, Resume, StillTrue, WalkIn
from simulator.streams import Streams
from tests.simulator.lab import DAY_MS, PARAMETERS, pool

FACILITY = PARAMETERS.facility


def beds(seed: int = 1, **changes: float) -> tuple[Beds, Agenda[Happens]]:
    agenda: Agenda[Happens] = Agenda()
    return Beds(Streams(seed), FACILITY.model_copy(update=changes), agenda), agenda


def live(all_beds: Beds, agenda: Agenda[Happens], until_ms: int) -> list[Deed]:
    said = []
    while (due_ms := agenda.next_ms()) is not None and due_ms <= until_ms:
        happens = agenda.pop(due_ms)
        assert happens is not None
        said += list(all_beds.happen(happens, due_ms))
    return said


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**31),
    st.integers(0, 12),
    st.integers(0, 12),
    st.lists(st.tuples(st.sampled_from(("ask", "forget", "arrive")), st.integers(0, 5))),
)
def test_there_are_never_more_people_than_beds(
    seed: int, capacity: int, occupied: int, deeds: list[tuple[str, int]]
) -> None:
    all_beds, agenda = beds(seed)
    known = recount_pool(pool(0, capacity=capacity, occupied=min(occupied, capacity)))
    all_beds.learn(known, 0)
    for step, (what, number) in enumerate(deeds):
        now_ms, request = (step + 1) * DAY_MS // 4, f"r-{number}"
        for said in live(all_beds, agenda, now_ms):
            if isinstance(said, Count):
                known = replace(known, occupied=said.occupied, closed=said.closed)
                all_beds.learn(known, now_ms)
        if what == "ask" and all_beds.has_room(known.id, request):
            all_beds.promise(known.id, request)
        elif what != "ask":
            all_beds.forget(request)
        if what == "arrive" and known.occupied < capacity:
            known = replace(known, occupied=known.occupied + 1)
            all_beds.learn(known, now_ms)
        people, closed, promised = all_beds.truth(known.id)
        assert min(people, closed, promised) >= 0
        assert people + closed <= capacity


def test_own_people_keep_a_pool_about_as_full_as_the_parameters_say() -> None:
    all_beds, agenda = beds(5)
    big = pool(1, capacity=200, occupied=0, type="walk_in")
    all_beds.learn(big, 0)
    shares = []
    for day in range(2, 60):
        live(all_beds, agenda, day * DAY_MS)
        shares.append(all_beds.truth(big.id)[0] / big.capacity)
    assert sum(shares) / len(shares) == pytest.approx(FACILITY.own_people_of["walk_in"], rel=0.1)


def test_a_full_house_turns_people_away() -> None:
    all_beds, agenda = beds(5)
    all_beds.learn(pool(2, capacity=1, occupied=1, type="walk_in"), 0)
    live(all_beds, agenda, 60 * DAY_MS)
    assert all_beds.turned_away > 0


def test_reports_are_wrong_forgotten_and_confirmed_at_about_their_shares() -> None:
    all_beds, agenda = beds(9, pauses_a_day=0.0, closes=0.0, forgets=0.0, miscounts=0.0)
    still = pool(0, capacity=10, occupied=10, type="inpatient_adult")
    all_beds.learn(still, 0)
    for said in live(all_beds, agenda, 20 * DAY_MS):
        if isinstance(said, Count):
            # An honest count is the truth at that moment.
            assert 0 <= said.occupied <= 10
    kinds = Counter(type(one) for one in live(*_noisy(), 200 * DAY_MS))
    reports = kinds[Count] + kinds[StillTrue]
    mean_s = FACILITY.report.mean_s
    expected = 200 * 86_400 / mean_s * (1 - FACILITY.forgets)
    assert reports == pytest.approx(expected, rel=0.15)
    assert kinds[Pause] == pytest.approx(200 * FACILITY.pauses_a_day, abs=8)
    assert abs(kinds[Pause] - kinds[Resume]) <= 1
    assert kinds[WalkIn] > 0


def _noisy() -> tuple[Beds, Agenda[Happens]]:
    all_beds, agenda = beds(11)
    all_beds.learn(pool(2, capacity=8, occupied=2, type="walk_in"), 0)
    return all_beds, agenda


def test_a_promised_bed_is_kept_from_walk_ins() -> None:
    all_beds, agenda = beds(3)
    one = pool(2, capacity=2, occupied=0, type="walk_in")
    all_beds.learn(one, 0)
    all_beds.promise(one.id, "r-1")
    most = 0
    for hour in range(1, 24 * 20):
        live(all_beds, agenda, hour * DAY_MS // 24)
        most = max(most, all_beds.truth(one.id)[0])
    assert most == 1
