"""Why a part is missing, counted over every resource of its kind; and what is wrong with a lock."""

from collections.abc import Sequence

import numpy as np

from optimizer.eligibility import Fault, Flags, Ints
from optimizer.plan import Part, Reason
from optimizer.pricing import Floats, Prices
from optimizer.problem import ANY, SELF, Place, Team, Van
from optimizer.stars import Choice, Stars, ready_s

PARTS: tuple[Part, ...] = ("van", "team", "place")
"""In the order of a choice's indices."""


def unserved(
    stars: Stars, choices: Sequence[Choice], prices: Prices, choice: Choice, part: Part
) -> tuple[Reason, ...]:
    """The reasons why `part` is missing in `choice`; a resource counts under each fault it has.

    Beside the faults: "taken" by the holders named, and "unfit": free, but not together with the
    other parts (the driver's shift would end on the way, or all or nothing was asked).
    """
    flags = faults_by_part(stars)[part][choice.request]
    reasons = [
        Reason(part, fault.name.lower(), int(count), _bits(stars, choice.request, part))
        if fault is Fault.LACKS
        else Reason(part, fault.name.lower(), int(count))
        for fault in Fault
        if fault.name is not None and (count := np.count_nonzero(flags & fault.value))
    ]
    full = used(stars, choices, part) >= _capacity(stars, part)
    taken = np.flatnonzero((flags == 0) & full)
    if len(taken):
        holders = _holders(stars, choices, prices, part, taken)
        reasons.append(Reason(part, "taken", len(taken), holders=holders))
    unfit = np.count_nonzero((flags == 0) & ~full)
    if unfit:
        reasons.append(Reason(part, "unfit", int(unfit)))
    return tuple(reasons)


def used(stars: Stars, choices: Sequence[Choice], part: Part) -> Ints:
    """How many units of each resource of a kind the selection uses."""
    field, size = 1 + PARTS.index(part), len(_capacity(stars, part))
    taken = [choice[field] for choice in choices if choice[field] < size]
    return np.bincount(np.array(taken, dtype=np.int64), minlength=size)


def faults_by_part(stars: Stars) -> dict[Part, Flags]:
    """The eligibility flags of each kind."""
    return {"team": stars.faults.team, "van": stars.faults.van, "place": stars.faults.place}


def lock_faults(stars: Stars, choices: Sequence[Choice], choice: Choice) -> tuple[str, ...]:
    """What is wrong with the locked parts of a request, as "part: fault"; the lock stands."""
    lock = stars.problem.requests[choice.request].locked
    if lock is None:
        return ()
    found: list[str] = []
    parts: dict[Part, str | None] = {"team": lock.team, "van": lock.van, "place": lock.place}
    for part, name in parts.items():
        index = choice[1 + PARTS.index(part)]
        if name in (None, ANY, SELF):
            continue
        flags = Fault(int(faults_by_part(stars)[part][choice.request, index]))
        found += [f"{part}: {fault.name.lower()}" for fault in flags if fault.name is not None]
        if used(stars, choices, part)[index] > _stock(stars, part, index):
            found.append(f"{part}: taken")
    if _overruns(stars, choice):
        found.append("van: shift")
    return tuple(dict.fromkeys(found))


def _overruns(stars: Stars, choice: Choice) -> bool:
    """Whether the driver would come home too late."""
    problem, times, i = stars.problem, stars.numbers.times, choice.request
    if choice.option >= stars.self_option or choice.place >= stars.no_place:
        return False
    pick = max(ready_s(stars, choice), int(times.eta[i, choice.option]))
    away = times.load[i] + times.go[i, choice.place] + times.home[choice.place, choice.option]
    last = problem.vans[choice.option].shift_end_s + problem.policy.overtime_grace_s
    return bool(pick + away > round(last))


def _stock(stars: Stars, part: Part, index: int) -> int:
    return stars.problem.places[index].free if part == "place" else 1


def _capacity(stars: Stars, part: Part) -> Ints:
    return {
        "team": stars.team_capacity,
        "van": stars.van_capacity,
        "place": stars.place_capacity,
    }[part]


def _resources(stars: Stars, part: Part) -> Sequence[Team | Van | Place]:
    problem = stars.problem
    if part == "team":
        return problem.teams
    return problem.vans if part == "van" else problem.places


def _holders(
    stars: Stars, choices: Sequence[Choice], prices: Prices, part: Part, taken: Ints
) -> tuple[tuple[str, str, float], ...]:
    field = 1 + PARTS.index(part)
    names = [resource.id for resource in _resources(stars, part)]
    value: Floats = {"team": prices.team, "van": prices.van, "place": prices.place}[part]
    wanted = set(taken.tolist())
    return tuple(
        (names[c[field]], stars.problem.requests[c.request].id, float(value[c[field]]))
        for c in choices
        if c[field] in wanted
    )


def _bits(stars: Stars, i: int, part: Part) -> tuple[tuple[int, int], ...]:
    """The missing bits by index, each with how many resources lack it."""
    request = stars.problem.requests[i]
    need = {"team": request.team_mask, "van": request.van_mask, "place": request.place_mask}[part]
    offers = [resource.mask for resource in _resources(stars, part)]
    return tuple(
        (bit, count)
        for bit in range(need.bit_length())
        if need >> bit & 1 and (count := sum(not offer >> bit & 1 for offer in offers))
    )
