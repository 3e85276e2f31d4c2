"""Whatever happens to a request, in any order: what was told to the registry is what it holds."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dispatch.advance import advance
from dispatch.card import card
from dispatch.clocks import deadlines
from dispatch.errors import DispatchError
from dispatch.policy import Policy
from dispatch.request import SELF, Bundle, CrisisRequest, Guardianship, Needs
from dispatch.transitions import TABLE
from dispatch.words import ENDED, FOLLOWED_UP, OPEN, Consent, Escort, Event, Need, Rescue, Tier
from registry.port import Claim, Effect, Free, Occupy, Status
from tests.dispatch.conftest import T0_MS, a_request

bundles = st.builds(
    Bundle,
    team=st.sampled_from([None, "t-1", "t-2"]),
    van=st.sampled_from([None, SELF, "v-1", "v-2"]),
    pool=st.sampled_from([None, "p-1", "p-2"]),
    backup=st.sampled_from([None, "p-3"]),
)
needs = st.builds(
    Needs,
    words=st.sampled_from([frozenset({"adult"}), frozenset({"child"})]),
    place=st.sampled_from(Need),
    van=st.sampled_from(Need),
)
# A walk: which of the events that may happen now, and the plan and needs that are known then.
walks = st.lists(st.tuples(st.integers(0, 1000), bundles, needs), max_size=25)
PLANNING = (Event.ACCEPT, Event.ASK_PLACE)
Held = set[tuple[str, str]]


def told(effects: tuple[Effect, ...], held: Held) -> Held:
    """What the registry would hold for the request after these effects."""
    for effect in effects:
        match effect:
            case Claim(kind, id_, _):
                assert (kind, id_) not in held
                held = held | {(kind, id_)}
            case Free(kind, id_, _):
                assert (kind, id_) in held
                held = held - {(kind, id_)}
            case Occupy(pool, _):
                assert ("pool", pool) in held
                held = held - {("pool", pool)}
    return held


def holds(bundle: Bundle) -> Held:
    named = {"team": bundle.team, "van": bundle.van, "pool": bundle.pool, "slot": bundle.slot}
    return {(kind, id_) for kind, id_ in named.items() if id_}


def step(
    policy: Policy, request: CrisisRequest, which: int, plan: Bundle, known: Needs, now_ms: int
) -> tuple[CrisisRequest, tuple[Effect, ...]] | None:
    possible = sorted(event for state, event in TABLE if state is request.state)
    if not possible:
        return None
    event = possible[which % len(possible)]
    if event in PLANNING:
        request = replace(request, plan=plan)
    if event is Event.TRIAGE:
        request = replace(request, needs=known)
    if event is Event.ASK_PLACE:
        request = replace(request, needs=replace(request.needs, place=Need.NEEDED))
    role = min(TABLE[request.state, event].who)
    try:
        moved = advance(request, event, role, now_ms, policy.clocks)
    except DispatchError:
        return None
    return moved.request, moved.effects


@given(walk=walks, first=needs, tier=st.sampled_from(Tier))
def test_the_registry_is_told_exactly_what_the_request_holds(
    policy: Policy, walk: list[tuple[int, Bundle, Needs]], first: Needs, tier: Tier
) -> None:
    escorted = Guardianship(Consent.EMERGENCY, Escort.CREW)
    request, held = a_request(needs=first, guardianship=escorted, tier=tier), set[tuple[str, str]]()
    for n, (which, plan, known) in enumerate(walk):
        answer = step(policy, request, which, plan, known, T0_MS + n * 60_000)
        if answer is None:
            continue
        before, (request, effects) = request, answer
        held = told(effects, held)
        assert held == holds(request.held)
        assert request.version == before.version + 1
        named = {(e.kind, e.id) for e in effects if isinstance(e, Status)}
        assert named <= holds(before.held) | holds(request.held)
        if request.state in ENDED:
            assert not holds(request.held) - {("slot", str(request.held.slot))}


@given(walk=walks, first=needs, tier=st.sampled_from(Tier))
def test_an_open_request_always_has_a_card_and_without_an_owner_a_running_clock(
    policy: Policy, walk: list[tuple[int, Bundle, Needs]], first: Needs, tier: Tier
) -> None:
    request = a_request(needs=first, tier=tier, owner=None)
    for n, (which, plan, known) in enumerate(walk):
        request, _ = step(policy, request, which, plan, known, T0_MS + n) or (request, ())
        owed = request.state in OPEN | FOLLOWED_UP or request.rescue is Rescue.OPEN
        assert (card(request) is not None) == owed
        assert bool(deadlines(request, policy.clocks)) == owed
