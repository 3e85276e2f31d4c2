"""From tables to what they define: facilities, units (pools), slots, teams, crew, vans. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from caretower.importing.cells import Cells, Judge, duplicates
from caretower.importing.tables import Problem, Table, nearest, read_table
from directory.participants import EVERYWHERE, Credential
from directory.roster import Hours

MOST_PLACES = 100_000
MOST_SEATS = 60
MOST_MINUTES = 1_440
MOST_PEOPLE = 500


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


@dataclass(frozen=True, slots=True)
class SlotRow:
    """An appointment at a provider; `starts_ms` is UTC."""

    row: int
    key: str
    facility: str
    name: str
    mode: str
    takes: tuple[str, ...]
    starts_ms: int
    minutes: int
    capacity: int


@dataclass(frozen=True, slots=True)
class CrewRow:
    """A member of a team's crew; an empty `team` is nobody's crew now."""

    row: int
    key: str
    name: str
    team: str
    credentials: tuple[Credential, ...]


FACILITY_COLUMNS = (("key", "name", "lon", "lat"), ("kind", "organization", "phone", "serves"))
POOL_COLUMNS = (
    ("key", "facility", "name", "type", "takes", "capacity"),
    ("occupied", "closed", "phone"),
)
TEAM_COLUMNS = (("key", "name", "lon", "lat", "offers", "hours"), ("seats", "phone"))
VAN_COLUMNS = (("key", "name", "lon", "lat", "seats", "hours"), ("offers", "phone", "driver"))
SLOT_COLUMNS = (("key", "facility", "name", "starts", "minutes", "mode"), ("takes", "capacity"))
CREW_COLUMNS = (("key", "name", "team", "credentials"), ())
COLUMNS = {
    "facilities": FACILITY_COLUMNS,
    "units": POOL_COLUMNS,
    "slots": SLOT_COLUMNS,
    "teams": TEAM_COLUMNS,
    "crew": CREW_COLUMNS,
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
    slots: tuple[SlotRow, ...] | None = None
    teams: tuple[UnitRow, ...] | None = None
    crew: tuple[CrewRow, ...] | None = None
    vans: tuple[UnitRow, ...] | None = None
    problems: tuple[Problem, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        return not any(problem.fatal for problem in self.problems)


AnyRow = FacilityRow | PoolRow | SlotRow | UnitRow | CrewRow
T = TypeVar("T", FacilityRow, PoolRow, SlotRow, UnitRow, CrewRow)


def read_plan(sources: Mapping[str, Source], judge: Judge) -> Plan:
    """Every row of every file, by the name of its table; never raises."""
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
        slots=rows("slots", slot),
        teams=rows("teams", team),
        crew=rows("crew", member),
        vans=rows("vans", van),
        problems=tuple(problems),
        files={what: source.name for what, source in sources.items()},
    )


@dataclass(frozen=True, slots=True)
class Named:
    """A row names another thing by its key: of a `kind`, in a column of the same name."""

    table: str
    row: int
    kind: str
    key: str


def named(plan: Plan) -> tuple[Named, ...]:
    """Every facility and team that the rows name."""
    return (
        *(Named("units", row.row, "facility", row.facility) for row in plan.units or ()),
        *(Named("slots", row.row, "facility", row.facility) for row in plan.slots or ()),
        *(Named("crew", row.row, "team", row.team) for row in plan.crew or () if row.team),
    )


def unknown(plan: Plan, others: Mapping[str, Sequence[str]]) -> tuple[Problem, ...]:
    """What neither the files nor the region (keys `others` of each kind) know."""
    given = {
        "facility": [row.key for row in plan.facilities or ()],
        "team": [row.key for row in plan.teams or ()],
    }
    known = {kind: [*keys, *others.get(kind, ())] for kind, keys in given.items()}
    found = []
    for each in named(plan):
        if each.key in known[each.kind]:
            continue
        meant = nearest(each.key, known[each.kind])
        hint = f"; did you mean {meant!r}?" if meant else ": give it in a file of its own"
        text = f"no {each.kind} has the key {each.key[:60]!r}{hint}"
        found.append(Problem(plan.files.get(each.table, ""), text, each.row, each.kind))
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


def slot(cells: Cells) -> SlotRow:
    starts_ms = cells.moment("starts")
    minutes = cells.whole("minutes", MOST_MINUTES)
    if not minutes and cells.raw("minutes").strip("0") == "":
        cells.wrong("minutes", "an appointment takes a minute at least")
    if 0 < starts_ms < cells.judge.now_ms:
        cells.look("starts", "is in the past: left out if it is new")
    return SlotRow(
        row=cells.row.number,
        key=cells.key(),
        facility=cells.key("facility"),
        name=cells.name(),
        mode=cells.word("mode", "slot_mode"),
        takes=cells.words("takes"),
        starts_ms=starts_ms,
        minutes=minutes,
        capacity=cells.whole("capacity", MOST_PEOPLE, default=1),
    )


def member(cells: Cells) -> CrewRow:
    return CrewRow(
        row=cells.row.number,
        key=cells.key(),
        name=cells.name(),
        team=cells.key("team") if cells.raw("team") else "",
        credentials=cells.credentials(),
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


def _called(row: AnyRow) -> str:
    """A unit's name is its facility's own, and a slot's its hour's."""
    if isinstance(row, SlotRow):
        return f"{row.facility}/{row.name}/{row.starts_ms}"
    return f"{row.facility}/{row.name}" if isinstance(row, PoolRow) else row.name
