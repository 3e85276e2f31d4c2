"""Places that may be needed: kept in expectation, claimed by nobody.

A person who only may need a place needs one with a chance that is policy. Where the people counting
on a place are expected to need all that it has left, whoever needs a place now rather takes another
one: it costs minutes, and nobody goes without a place for it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import Place, Request, Seconds

Floats = NDArray[np.float64]


def expected(
    requests: Sequence[Request], places: Sequence[Place], to_place: Seconds, chance: float
) -> Floats:
    """How many of each place the people who only may need one are expected to take (places,):
    each at the nearest place with room that takes them and is not excluded for them."""
    count = np.zeros(len(places))
    known: dict[tuple[int, str], NDArray[np.bool_]] = {}
    for i, request in enumerate(requests):
        if request.place_need != "possible" or not len(places):
            continue
        wish = (request.place_mask, request.place_kind)
        if wish not in known:
            known[wish] = np.array([_takes(place, *wish) for place in places], dtype=np.bool_)
        may = known[wish]
        if request.excluded:
            may = may & [place.id not in request.excluded for place in places]
        away_s = np.where(may, to_place[i], np.nan)
        if np.isfinite(away_s).any():
            count[np.nanargmin(away_s)] += chance
    return count


def _takes(place: Place, mask: int, kind: str) -> bool:
    return place.free > 0 and not mask & ~place.mask and kind in ("any", place.kind)


def with_reserve(
    requests: tuple[Request, ...],
    places: Sequence[Place],
    to_place: Seconds,
    chance: float,
    costs_s: float,
) -> tuple[Request, ...]:
    """The requests that need a place now, which would rather take one that is not counted on."""
    # A hair, because ten times 0.3 is a little less than 3.
    kept = np.floor(expected(requests, places, to_place, chance) + 1e-9)
    scarce = [place.id for place, many in zip(places, kept, strict=True) if 0 < place.free <= many]
    if not scarce:
        return requests
    return tuple(
        replace(one, place_preference_s=_dearer(one, scarce, costs_s)) if one.wants_place else one
        for one in requests
    )


def _dearer(
    request: Request, places: Sequence[str], costs_s: float
) -> tuple[tuple[str, float], ...]:
    extras = dict(request.place_preference_s)
    for place in places:
        extras[place] = extras.get(place, 0.0) + costs_s
    return tuple(extras.items())
