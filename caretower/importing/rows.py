"""From tables to what they define: facilities, units (pools), teams and vans. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from caretower.importing.cells import Cells, Judge, duplicates
from caretower.importing.tables import Problem, Table, nearest, read_table
from directory.participants import EVERYWHERE
from directory.roster import Hours

MOST_PLACES = 100_000
MOST_SEATS = 60


@dataclass(frozen=True, slots=True)
class FacilityRow:
    """A place that receives people, or a provider's clinic."""

    row: int
    key: str
    name: str
    kind: str
    organization: str
    lon: float
    lat: float
    zone: str
    phone: str
    serves: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PoolRow:
    """Like places of one facility. `counted`: occupied and closed, where a first count is given."""

    row: int
    key: str
    facility: str
    name: str
    type: str
    takes: tuple[str, ...]
    capacity: int
    counted: tuple[int, int] | None
    phone: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A mobile crisis team or a van, at its base."""

    row: int
    key: str
    name: str
    lon: float
    lat: float
    zone: str
    seats: int
    offers: tuple[str, ...]
    hours: Hours
    phone: str
    driver: str = ""


FACILITY_COLUMNS = (("key", "name", "lon", "lat"), ("kind", "organization", "phone", "serves"))
POOL_COLUMNS = (
    ("key", "facility", "name", "type", "takes", "capacity"),
    ("occupied", "closed", "phone"),
)
TEAM_COLUMNS = (("key", "name", "lon", "lat", "offers", "hours"), ("seats", "phone"))
VAN_COLUMNS = (("key", "name", "lon", "lat", "seats", "hours"), ("offers", "phone", "driver"))
COLUMNS = {
    "facilities": FACILITY_COLUMNS,
    "units": POOL_COLUMNS,
    "teams": TEAM_COLUMNS,
    "vans": VAN_COLUMNS,
}


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was given."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """What the files define, and what is wrong with them. None: there was no such file."""

    facilities: tuple[FacilityRow, ...] | None = None
    units: tuple[PoolRow, ...] | None = None
    teams: tuple[UnitRow, ...] | None = None
    vans: tuple[UnitRow, ...] | None = None
    problems: tuple[Problem, ...] = ()
    unit_file: str = ""

    @property
    def sound(self) -> bool:
        return not any(problem.fatal for problem in self.problems)


T = TypeVar("T", FacilityRow, PoolRow, UnitRow)


def read_plan(sources: Mapping[str, Source], judge: Judge) -> Plan:
    """Every row of every file, by `facilities`, `units`, `teams` and `vans`; never raises."""
    problems: list[Problem] = []

    def rows(what: str, read: Callable[[Cells], T]) -> tuple[T, ...] | None:
        if what not in sources:
            return None
        required, optional = COLUMNS[what]
        source = sources[what]
        table = read_table(source.name, source.data, required=required, optional=optional)
        found, wrong = _rows(table, judge, read)
        problems.extend(wrong)
        return found

    return Plan(
        facilities=rows("facilities", facility),
        units=rows("units", pool),
        teams=rows("teams", team),
        vans=rows("vans", van),
        problems=tuple(problems),
        unit_file=sources["units"].name if "units" in sources else "",
    )


def unknown_facilities(plan: Plan, others: Sequence[str]) -> tuple[Problem, ...]:
    """Units of facilities that neither the files nor the directory know (keys `others`)."""
    known = [*(row.key for row in plan.facilities or ()), *others]
    found = []
    for row in plan.units or ():
        if row.facility in known:
            continue
        meant = nearest(row.facility, known)
        hint = f"; did you mean {meant!r}?" if meant else ": give it in the facilities' file"
        text = f"no facility has the key {row.facility[:60]!r}{hint}"
        found.append(Problem(plan.unit_file, text, row.row, "facility"))
    return tuple(found)


def facility(cells: Cells) -> FacilityRow:
    lon, lat, zone = cells.place()
    return FacilityRow(
        row=cells.row.number,
        key=cells.key(),
        name=cells.name(),
        kind=cells.kind("kind", "facility"),
        organization=cells.name("organization", needed=False),
        lon=lon,
        lat=lat,
        zone=zone,
        phone=cells.phone(),
        serves=cells.zones("serves", EVERYWHERE),
    )


def pool(cells: Cells) -> PoolRow:
    capacity = cells.whole("capacity", MOST_PLACES)
    occupied = cells.whole("occupied", MOST_PLACES, default=0)
    closed = cells.whole("closed", MOST_PLACES, default=0)
    given = bool(cells.raw("occupied") or cells.raw("closed"))
    if occupied + closed > capacity and cells.sound:
        cells.look("occupied", f"{occupied} occupied and {closed} closed of {capacity} places")
    return PoolRow(
        row=cells.row.number,
        key=cells.key(),
        facility=cells.key("facility"),
        name=cells.name(),
        type=cells.word("type", "pool_type"),
        takes=cells.words("takes"),
        capacity=capacity,
        counted=(occupied, closed) if given else None,
        phone=cells.phone(),
    )


def team(cells: Cells) -> UnitRow:
    return _unit(cells, seats=0)


def van(cells: Cells) -> UnitRow:
    unit = _unit(cells, seats=None)
    if not unit.seats and cells.raw("seats") == "0":
        cells.wrong("seats", "a van carries at least one person")
    return replace(unit, driver=cells.name("driver", needed=False))


def _unit(cells: Cells, seats: int | None) -> UnitRow:
    lon, lat, zone = cells.place()
    return UnitRow(
        row=cells.row.number,
        key=cells.key(),
        name=cells.name(),
        lon=lon,
        lat=lat,
        zone=zone,
        seats=cells.whole("seats", MOST_SEATS, default=seats),
        offers=cells.words("offers"),
        hours=cells.hours(),
        phone=cells.phone(),
    )


def _rows(
    table: Table, judge: Judge, read: Callable[[Cells], T]
) -> tuple[tuple[T, ...], list[Problem]]:
    rows: list[T] = []
    problems = list(table.problems)
    for row in table.rows:
        cells = Cells(table, row, judge)
        rows.append(read(cells))
        problems += cells.problems
    keys = [(row.row, row.key) for row in rows]
    problems += duplicates(table, keys, "key", lambda first: f"row {first} has the same key")
    names = [(row.row, _called(row)) for row in rows]
    same_names = duplicates(
        table, names, "name", lambda first: f"row {first} has the same name: is it the same?"
    )
    problems += [replace(problem, fatal=False) for problem in same_names]
    return tuple(rows), sorted(problems, key=lambda each: each.row or 0)


def _called(row: FacilityRow | PoolRow | UnitRow) -> str:
    """A unit's name is its facility's own."""
    return f"{row.facility}/{row.name}" if isinstance(row, PoolRow) else row.name
