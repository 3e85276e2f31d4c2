"""Demand: who calls when and where, whatever anybody decides about it.

Each tier is an inhomogeneous Poisson process, drawn by thinning (Lewis and Shedler 1979) under its
profile over the hours of the region's day; places follow the population of postal points.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dispatch.words import Need, Tier
from simulator.disturbances import MassEvent
from simulator.parameters import Parameters, PersonPart, PlacePart
from simulator.streams import Streams

HOUR_MS = 3_600_000
DAY_S = 86_400

Locate = Callable[[NDArray[np.float64]], list[str | None]]


@dataclass(frozen=True, slots=True, eq=False)
class Settlement:
    """Where people live: (n, 2) lon/lat, a town's name for each, how many (float64, above 0)."""

    points: NDArray[np.float64]
    names: tuple[str, ...]
    people: NDArray[np.float64]

    @property
    def weights(self) -> NDArray[np.float64]:
        """How likely each point is."""
        shares: NDArray[np.float64] = self.people / self.people.sum()
        return shares


def settlement(
    points: NDArray[np.float64], names: Sequence[str], populations: NDArray[np.int64]
) -> Settlement:
    """Demand follows population; a hundred more everywhere, for whom no source counts."""
    people = np.asarray(populations, dtype=np.float64) + 100.0
    return Settlement(np.asarray(points, dtype=np.float64), tuple(names), people)


@dataclass(frozen=True, slots=True)
class Call:
    """One crisis that is going to be told to a dispatcher. `words` are of the vocabulary."""

    id: str
    at_ms: int
    lon: float
    lat: float
    place: str
    zone: str
    tier: Tier
    words: frozenset[str]
    need: Need
    at_mass_event: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Draws calls of one region. `rate` multiplies the parameters' demand."""

    where: Settlement
    locate: Locate
    parameters: Parameters
    timezone: ZoneInfo
    streams: Streams
    rate: float = 1.0

    def calls(
        self, start_ms: int, end_ms: int, mass_events: Sequence[MassEvent] = ()
    ) -> list[Call]:
        """Every call from start to end, in the order of time."""
        usual = (call for tier in Tier for call in self._of_tier(tier, start_ms, end_ms))
        burst = (call for event in mass_events for call in self._at(event))
        return sorted([*usual, *burst], key=lambda call: (call.at_ms, call.id))

    def per_s(self, tier: Tier, at_ms: int) -> float:
        """The rate of a tier at a moment, calls a second in the whole region."""
        local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.timezone)
        part, demand = self.parameters.tier[tier], self.parameters.demand
        mean = sum(part.by_hour) / 24
        daily = demand.per_100k_a_day * float(self.where.people.sum()) / 100_000
        shape = part.by_hour[local.hour] / mean * demand.by_weekday[local.weekday()]
        return self.rate * daily * part.share * shape / DAY_S

    def _of_tier(self, tier: Tier, start_ms: int, end_ms: int) -> Iterator[Call]:
        rng = self.streams.of("demand", tier, start_ms)
        hours = range(start_ms - start_ms % HOUR_MS, end_ms, HOUR_MS)
        rates = np.array([self.per_s(tier, hour_ms) for hour_ms in hours])
        most = float(rates.max(initial=0.0))
        if most <= 0:
            return
        at_s = start_ms / 1000
        while True:
            at_s += float(rng.exponential(1 / most))
            if at_s * 1000 >= end_ms:
                return
            hour = int((at_s * 1000 - hours[0]) // HOUR_MS)
            if rng.random() * most < rates[hour]:
                yield self._call(rng, tier, int(at_s * 1000))

    def one(self, rng: np.random.Generator, at_ms: int) -> Call:
        """A single call at a moment, for whoever needs just one."""
        tiers = list(Tier)
        shares = [self.parameters.tier[tier].share for tier in tiers]
        return self._call(rng, tiers[int(rng.choice(len(tiers), p=shares))], at_ms)

    def _at(self, event: MassEvent) -> Iterator[Call]:
        rng = self.streams.of("mass event calls", event.id)
        part = self.parameters.mass_event
        tiers = list(Tier)
        shares = [self.parameters.tier[tier].share for tier in tiers]
        for _ in range(int(rng.poisson(part.requests))):
            after_ms = int(rng.uniform(0, part.within_min) * 60_000)
            tier = tiers[int(rng.choice(len(tiers), p=shares))]
            near = (event.lon, event.lat, part.scatter_deg)
            yield self._call(rng, tier, event.at_ms + after_ms, near)

    def _call(
        self,
        rng: np.random.Generator,
        tier: Tier,
        at_ms: int,
        near: tuple[float, float, float] | None = None,
    ) -> Call:
        where = self.where
        if near is None:
            index = int(np.searchsorted(np.cumsum(where.weights), rng.random()))
            index = min(index, len(where.names) - 1)
            lon, lat = where.points[index]
            scatter = self.parameters.demand.scatter_deg
        else:
            lon, lat, scatter = near
            index = int(np.hypot(*(where.points - (lon, lat)).T).argmin())
        shift = rng.uniform(-scatter, scatter, 2) * (1.0, 0.8)
        lon, lat, zone = self._inside(float(lon), float(lat), shift)
        return Call(
            id=self.streams.id(at_ms, "request", tier, at_ms, int(rng.integers(2**62))),
            at_ms=at_ms,
            lon=lon,
            lat=lat,
            place=where.names[index],
            zone=zone,
            tier=tier,
            words=_words(rng, self.parameters.person),
            need=_need(rng, self.parameters.place),
            at_mass_event=near is not None,
        )

    def _inside(
        self, lon: float, lat: float, shift: NDArray[np.float64]
    ) -> tuple[float, float, str]:
        """The scattered point and its zone; the point itself where scattering left the region."""
        moved = (round(lon + float(shift[0]), 5), round(lat + float(shift[1]), 5))
        for at in (moved, (lon, lat)):
            zone = self.locate(np.array([at]))[0]
            if zone is not None:
                return *at, zone
        raise ValueError(f"a settlement lies outside every zone: {lon}, {lat}")


def _words(rng: np.random.Generator, shares: PersonPart) -> frozenset[str]:
    young, old = shares.child + shares.adolescent, shares.older_adult
    ages = ("child", "adolescent", "older_adult", "adult")
    odds = (shares.child, shares.adolescent, old, 1 - young - old)
    words = {ages[int(rng.choice(4, p=odds))]}
    grown = words & {"adult", "older_adult"}
    has = {
        name: rng.random() < getattr(shares, name)
        for name in ("psychosis", "substance_use", "wheelchair", "lang_es", "involuntary")
    }
    words |= {name for name in ("psychosis", "wheelchair", "lang_es") if has[name]}
    if has["substance_use"] and "adult" in words:
        words.add("substance_use")
    words.add("involuntary" if has["involuntary"] and grown else "voluntary")
    return frozenset(words)


def _need(rng: np.random.Generator, place: PlacePart) -> Need:
    needs = (Need.NONE, Need.POSSIBLE, Need.NEEDED)
    return needs[int(rng.choice(3, p=(place.none, place.possible, place.needed)))]
