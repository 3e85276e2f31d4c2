"""Why a part is missing, counted over every resource of its kind; and what is wrong with a lock."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from optimizer.accounts import LACKED, by_row
from optimizer.counting import TAKEN
from optimizer.eligibility import FAR_S, Bools, Fault, Flags, Ints, lacks
from optimizer.engine import engine
from optimizer.given import Index
from optimizer.plan import Part, Reason
from optimizer.pricing import Prices
from optimizer.problem import ANY, SELF
from optimizer.sides import GRID, Bundles
from optimizer.stars import Stars

Holder = tuple[str, str, float]
"""A resource, the request that has it, and its shadow price (a bound, told to nobody)."""
Bits = tuple[tuple[int, int], ...]
PARTS: tuple[Part, ...] = ("van", "team", "place")
"""In the order of a choice's indices."""
WORDS = (*(str(fault.name).lower() for fault in Fault), "taken", "unfit")
"""By the column of a tally."""
_LACKS = WORDS.index("lacks")


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A whole selection: its bundles (R, 4), what each resource is worth, and for each kind how
    many units of each resource it uses."""

    stars: Stars
    bundles: Bundles
    prices: Prices
    used: dict[Part, Ints]

    @staticmethod
    def of(stars: Stars, bundles: Bundles, prices: Prices) -> "Selection":
        """Count what they use, one bundle a request in their order (R, 4)."""
        used: dict[Part, Ints] = {}
        for k, part in enumerate(PARTS, start=1):
            size = len(_capacity(stars, part))
            used[part] = np.bincount(bundles[:, k], minlength=size)[:size]
        return Selection(stars, bundles, prices, used)

    def has_room(self, part: Part) -> Bools:
        """Which resources of a kind could still be given out."""
        room: Bools = self.used[part] < _capacity(self.stars, part)
        return room


def unserved(selection: Selection, lacks: Bools) -> dict[int, tuple[Reason, ...]]:
    """Why parts are missing, by request; a resource counts under each fault it has. `lacks` (R, 3):
    who lacks which of LACKED.

    Beside the faults: "taken" by the holders named, and "unfit": free, but not together with the
    other parts (the driver's shift would end on the way, or all or nothing was asked).
    """
    found: dict[int, tuple[Reason, ...]] = {}
    for part, lacking in zip(LACKED, lacks.T, strict=True):
        rows = lacking.nonzero()[0]
        if len(rows):
            for i, reasons in zip(rows.tolist(), _reasons(selection, part, rows), strict=True):
                found[i] = found.get(i, ()) + reasons
    return found


def _reasons(selection: Selection, part: Part, rows: Ints) -> list[tuple[Reason, ...]]:
    """The reasons of each of these requests, for one part."""
    stars, room = selection.stars, selection.has_room(part)
    given = selection.bundles[:, 1 + PARTS.index(part)]
    counts, users, fit, ends = engine().tally(faults_by_part(stars)[part], rows, room, given)
    who = np.fromiter(_holders(selection, part, users, given[users]), np.object_, len(users))
    takers = by_row(who[fit].tolist(), ends)
    at, words = counts.nonzero()
    bits: list[Bits] = [()] * len(at)
    holders: list[tuple[Holder, ...]] = [()] * len(at)
    some = (words == _LACKS).nonzero()[0]
    for n, own in zip(some.tolist(), _lacking(stars, part, rows[at[some]]), strict=True):
        bits[n] = own
    some = (words == TAKEN).nonzero()[0]
    for n, k in zip(some.tolist(), at[some].tolist(), strict=True):
        holders[n] = takers[k]
    faults, numbers = map(WORDS.__getitem__, words.tolist()), counts[at, words].tolist()
    reasons = map(Reason, repeat(part), faults, numbers, bits, holders)
    return by_row(reasons, at.searchsorted(np.arange(len(rows) + 1)))


def _holders(selection: Selection, part: Part, users: Ints, taken: Ints) -> Iterator[Holder]:
    """Each of these requests as the holder of its resource."""
    stars, prices = selection.stars, selection.prices
    value: Ints = {"team": prices.team, "van": prices.van, "place": prices.place}[part]
    ids = [name for name in _index(stars, part) if name is not None]
    what = map(ids.__getitem__, taken.tolist())
    who = map(stars.given.ids.__getitem__, users.tolist())
    return zip(what, who, (value[taken] / GRID).tolist(), strict=True)


def _index(stars: Stars, part: Part) -> Index:
    names = stars.names
    return {"team": names.teams, "van": names.options, "place": names.places}[part]


def _lacking(stars: Stars, part: Part, requests: Ints) -> list[Bits]:
    """The bits that each request needs and some resource of a kind lacks, each with how many lack
    it."""
    asked, offers = stars.problem.requests, stars.given.offers[part]
    needs: list[int] = [getattr(asked[i], f"{part}_mask") for i in requests.tolist()]
    bits = {need: tuple(_lack(need, offers)) for need in set(needs)}
    return [bits[need] for need in needs]


def _lack(need: int, offers: Counter[int]) -> Iterator[tuple[int, int]]:
    for bit in range(need.bit_length()):
        if need >> bit & 1:
            count = sum(n for offer, n in offers.items() if not offer >> bit & 1)
            if count:
                yield bit, count


def faults_by_part(stars: Stars) -> dict[Part, Flags]:
    """The eligibility flags of each kind."""
    return {"team": stars.faults.team, "van": stars.faults.van, "place": stars.faults.place}


def lock_faults(selection: Selection, i: int) -> tuple[str, ...]:
    """What is wrong with the locked parts of a request, as "part: fault"; the lock stands. The
    part is "self" where a team drives that could not, or must not."""
    stars, bundle = selection.stars, selection.bundles[i].tolist()
    lock = stars.problem.requests[i].locked
    if lock is None:
        return ()
    found: list[str] = []
    parts: dict[Part, str | None] = {"team": lock.team, "van": lock.van, "place": lock.place}
    for part, name in parts.items():
        index = bundle[1 + PARTS.index(part)]
        if name in (None, ANY, SELF):
            continue
        flags = Fault(int(faults_by_part(stars)[part][i, index]))
        found += [f"{part}: {fault.name.lower()}" for fault in flags if fault.name is not None]
        if selection.used[part][index] > _stock(stars, part, index):
            found.append(f"{part}: taken")
    if bundle[1] < stars.self_option:
        found += _van_ride_faults(stars, *bundle)
    if bundle[1] == stars.self_option:
        found += _own_ride_faults(stars, *bundle)
    return tuple(dict.fromkeys(found))


def _van_ride_faults(stars: Stars, i: int, van: int, team: int, place: int) -> Iterator[str]:
    """Whether the driver would come home, and in time."""
    sides = stars.sides
    if place == stars.no_place:
        return
    home = sides.home[van, place]
    if home >= FAR_S:
        yield "van: unreachable"
    elif home > sides.horizon:
        yield "van: horizon"
    pick = max(sides.ready[i, team], sides.eta[i, van])
    away = sides.load[i] + sides.go[i, place] + stars.homes.bounded[place, van]
    if pick + away > sides.van_end[van]:
        yield "van: shift"


def _own_ride_faults(stars: Stars, i: int, _: int, team: int, place: int) -> Iterator[str]:
    """Whether the team may drive this person, has what a van would have to have, and arrives before
    its shift ends."""
    sides, requests, teams = stars.sides, stars.given.requests, stars.given.teams
    if not stars.problem.requests[i].allow_self_transport:
        yield "self: excluded"
    if not teams.drives[team] or lacks(requests.van_need[:, i], teams.car[:, team]):
        yield "self: lacks"
    if place == stars.no_place or not sides.strict[i]:
        return
    if sides.ready[i, team] + sides.go[i, place] > sides.team_end[team]:
        yield "self: shift"


def _stock(stars: Stars, part: Part, index: int) -> int:
    return stars.problem.places[index].free if part == "place" else 1


def _capacity(stars: Stars, part: Part) -> Ints:
    return {
        "team": stars.team_capacity,
        "van": stars.van_capacity,
        "place": stars.place_capacity,
    }[part]
