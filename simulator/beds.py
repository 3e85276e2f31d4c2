"""What is really in a facility's beds, behind the counts that it reports.

People come by themselves, stay and go; reports are late, forgotten or wrong; a bed that was
accepted for somebody is kept. The truth never holds more than the capacity.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from registry.states import Pool
from simulator.agenda import Agenda
from simulator.deeds import Count, Deed, Pause, Resume, StillTrue, WalkIn
from simulator.parameters import FacilityPart, Spell
from simulator.streams import Streams

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Happens:
    """Something in a pool: comes, leaves, reports, pauses, resumes."""

    pool: str
    what: str


@dataclass(slots=True)
class _Unit:
    """One pool. `said` is the registry's count as this facility knows it."""

    pool: Pool
    rng: np.random.Generator
    occupied: int
    closed: int
    said: int
    said_closed: int
    stays: int = 0
    promised: set[str] = field(default_factory=set)

    @property
    def room(self) -> int:
        return self.pool.capacity - self.occupied - self.closed - len(self.promised)


@dataclass(slots=True)
class Beds:
    """All pools of a region. What is due is noted in the agenda it is given."""

    streams: Streams
    part: FacilityPart
    agenda: Agenda[Happens]
    _units: dict[str, _Unit] = field(default_factory=dict)
    turned_away: int = 0

    def learn(self, pool: Pool, now_ms: int) -> None:
        """A pool as the registry has it: at first the truth, later what others changed in it."""
        unit = self._units.get(pool.id)
        if unit is None:
            self._open(pool, now_ms)
            return
        unit.pool = pool
        for _ in range(pool.occupied - unit.said):
            self._fill(unit, now_ms)
        unit.occupied -= max(0, unit.said - pool.occupied)
        unit.said, unit.said_closed = pool.occupied, pool.closed
        unit.occupied = min(max(0, unit.occupied), pool.capacity)
        unit.closed = min(unit.closed, pool.capacity - unit.occupied)

    def has_room(self, pool: str, request: str) -> bool:
        """Whether the facility could take this person into the pool."""
        unit = self._units[pool]
        return request in unit.promised or unit.room > 0

    def promise(self, pool: str, request: str) -> None:
        """The facility has accepted: the bed is kept."""
        self._units[pool].promised.add(request)

    def forget(self, request: str) -> None:
        """The person has come, or comes no more."""
        for unit in self._units.values():
            unit.promised.discard(request)

    def truth(self, pool: str) -> tuple[int, int, int]:
        """(occupied, closed, promised) in truth."""
        unit = self._units[pool]
        return unit.occupied, unit.closed, len(unit.promised)

    def happen(self, event: Happens, now_ms: int) -> Iterator[Deed]:
        """Lets it happen; answers what the facility says about it."""
        unit = self._units[event.pool]
        match event.what:
            case "comes":
                self._note(unit, "comes", now_ms, self._until_next_s(unit))
                yield from self._comes(unit, now_ms)
            case "leaves":
                unit.occupied = max(0, unit.occupied - 1)
            case "reports":
                self._note(unit, "reports", now_ms, self.part.report.draw_s(unit.rng))
                yield from self._reports(unit)
            case "pauses":
                self._note(unit, "pauses", now_ms, self._until_pause_s(unit))
                self._note(unit, "resumes", now_ms, self.part.pause_min * 60)
                until_ms = now_ms + int(self.part.pause_min * 60_000)
                yield Pause(event.pool, "staffing", until_ms)
            case "resumes":
                yield Resume(event.pool)

    def _open(self, pool: Pool, now_ms: int) -> None:
        rng = self.streams.of("pool", pool.id)
        occupied = min(pool.occupied, pool.capacity)
        closed = min(pool.closed, pool.capacity - occupied)
        unit = _Unit(pool, rng, 0, closed, pool.occupied, pool.closed)
        self._units[pool.id] = unit
        for _ in range(occupied):
            # Whoever is there has been there for a while: part of the stay is over.
            self._fill(unit, now_ms, left=float(rng.random()))
        self._note(unit, "comes", now_ms, self._until_next_s(unit))
        self._note(unit, "reports", now_ms, float(rng.random()) * self.part.report.mean_s)
        if self.part.pauses_a_day > 0:
            self._note(unit, "pauses", now_ms, self._until_pause_s(unit))

    def _fill(self, unit: _Unit, now_ms: int, left: float = 1.0) -> None:
        unit.occupied += 1
        unit.stays += 1
        stay_s = self._stay(unit).draw_s(unit.rng) * left
        key = ("leaves", unit.pool.id, unit.stays)
        self.agenda.note(now_ms + int(1000 * stay_s), key, Happens(unit.pool.id, "leaves"))

    def _comes(self, unit: _Unit, now_ms: int) -> Iterator[Deed]:
        if unit.room <= 0:
            self.turned_away += 1
            return
        self._fill(unit, now_ms)
        if unit.rng.random() < self.part.says_walk_in:
            unit.said += 1
            yield WalkIn(unit.pool.id)

    def _reports(self, unit: _Unit) -> Iterator[Deed]:
        rng, part = unit.rng, self.part
        forgets, miscounts, closes = rng.random(3)
        wrong = int(rng.choice((-1, 1)))
        if forgets < part.forgets:
            return
        if closes < part.closes:
            unit.closed = 1 if unit.closed == 0 and unit.room > 0 else max(0, unit.closed - 1)
        seen = unit.occupied + (wrong if miscounts < part.miscounts else 0)
        seen = min(max(0, seen), unit.pool.capacity - unit.closed)
        if (seen, unit.closed) == (unit.said, unit.said_closed):
            yield StillTrue(unit.pool.id)
            return
        unit.said, unit.said_closed = seen, unit.closed
        yield Count(unit.pool.id, seen, unit.closed)

    def _stay(self, unit: _Unit) -> Spell:
        return self.part.stay_of.get(unit.pool.type, self.part.stay)

    def _until_next_s(self, unit: _Unit) -> float:
        """Until somebody comes: so many that they alone would fill the wanted share of beds."""
        share = self.part.own_people_of.get(unit.pool.type, self.part.own_people)
        beds = max(1e-9, share * unit.pool.capacity)
        return float(unit.rng.exponential(self._stay(unit).mean_s / beds))

    def _until_pause_s(self, unit: _Unit) -> float:
        return float(unit.rng.exponential(DAY_S / self.part.pauses_a_day))

    def _note(self, unit: _Unit, what: str, now_ms: int, after_s: float) -> None:
        # A seldom event of a tiny pool may lie beyond any run: a year is as good as never.
        due_ms = now_ms + int(1000 * min(after_s, 365 * DAY_S))
        self.agenda.note(due_ms, (what, unit.pool.id), Happens(unit.pool.id, what))
