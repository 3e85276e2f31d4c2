"""The cells of one row, read one by one; what cannot be read becomes a problem with its place."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import TypeAdapter, ValidationError

from api.schemas.edge import Name, Phone
from caretower.importing.tables import Problem, Row, Table, nearest
from directory.participants import Credential
from directory.roster import BadHours, Hours, read_hours
from geo.points import haversine_m
from geo.region import Region
from registry.vocabulary import Vocabulary

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NUMBER = re.compile(r"[+-]?\d{1,9}(\.\d{1,15})?", re.ASCII)
WHOLE = re.compile(r"\d{1,9}", re.ASCII)
WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
NAME: TypeAdapter[str] = TypeAdapter(Name)
PHONE: TypeAdapter[str] = TypeAdapter(Phone)
"""The doors' own rules, so that nothing is accepted here and refused there."""
MOST_WORDS = 40
SOON_DAYS = 30
"""A credential that lapses within so many days is to be looked at."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What cells are judged by."""

    region: Region
    vocabulary: Vocabulary
    now_ms: int

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.region.timezone)

    @property
    def today(self) -> date:
        """The calendar day in the region's own zone."""
        return datetime.fromtimestamp(self.now_ms / 1000, self.zone).date()

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(word for words in self.vocabulary.needs.values() for word in words)


@dataclass(slots=True)
class Cells:
    """One row under a judge. A cell that cannot be read gives its default and a problem."""

    table: Table
    row: Row
    judge: Judge
    problems: list[Problem] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not any(problem.fatal for problem in self.problems)

    def wrong(self, column: str, text: str) -> None:
        self.problems.append(Problem(self.table.file, text, self.row.number, column))

    def look(self, column: str, text: str) -> None:
        self.problems.append(Problem(self.table.file, text, self.row.number, column, fatal=False))

    def raw(self, column: str) -> str:
        return self.row.values.get(column, "")

    def key(self, column: str = "key") -> str:
        """What names the row for ever, in this file and its next editions."""
        text = self.raw(column)
        if not text:
            self.wrong(column, "is empty; it needs a short name that never changes")
        elif not KEY.fullmatch(text):
            self.wrong(
                column, f"{text[:80]!r}: letters, digits, hyphen, dot and underscore only, up to 64"
            )
        return text

    def name(self, column: str = "name", *, needed: bool = True) -> str:
        text = " ".join(self.raw(column).split())
        if not text and needed:
            self.wrong(column, "is empty")
        elif text and not _fits(NAME, text):
            self.wrong(column, f"{text[:60]!r}: up to 120 signs that show, letters among them")
        return text

    def phone(self) -> str:
        text = self.raw("phone")
        if text and not _fits(PHONE, text):
            self.wrong("phone", f"{text[:60]!r} is no telephone number: digits, +, () and - only")
        return text

    def whole(self, column: str, most: int, default: int | None = None) -> int:
        """A count from 0 to `most`; an empty cell is the default, if there is one."""
        text = self.raw(column)
        if not text and default is not None:
            return default
        if not WHOLE.fullmatch(text):
            self.wrong(column, f"{text[:60]!r} is no whole number of 0 or more")
            return 0
        if int(text) > most:
            self.wrong(column, f"{text} is more than {most:,}")
            return 0
        return int(text)

    def word(self, column: str, group: str) -> str:
        """One word of a coded list of the vocabulary."""
        return self._known(column, _wordlike(self.raw(column)), self.judge.vocabulary.codes[group])

    def kind(self, column: str, default: str) -> str:
        """A word of one's own."""
        text = _wordlike(self.raw(column)) or default
        if not WORD.fullmatch(text):
            self.wrong(column, f"{text[:60]!r} is no word: small letters, digits and underscores")
        return text

    def words(self, column: str) -> tuple[str, ...]:
        """Words of needs and capabilities, in the vocabulary's order; spaces or commas between."""
        asked = [word.lower() for word in re.split(r"[\s,;|+]+", self.raw(column)) if word]
        for word in asked:
            self._known(column, word.replace("-", "_"), self.judge.needs)
        given = {word.replace("-", "_") for word in asked}
        if len(given) > MOST_WORDS:
            self.wrong(column, f"more than {MOST_WORDS} words")
        return tuple(word for word in self.judge.needs if word in given)

    def zones(self, column: str, everywhere: str) -> tuple[str, ...]:
        """Ids or names of zones; an empty cell or `*` is everywhere."""
        asked = [part.strip() for part in re.split(r"[,;|]", self.raw(column)) if part.strip()]
        if not asked or asked == [everywhere]:
            return (everywhere,)
        zones = self.judge.region.authorities
        by_name = dict(zip(zones.names, zones.ids, strict=True))
        found = [by_name.get(part, part) for part in asked]
        for zone in found:
            self._known(column, zone, zones.ids)
        return tuple(dict.fromkeys(found))

    def hours(self, column: str = "hours") -> Hours:
        try:
            return read_hours(self.raw(column)[:60])
        except BadHours as error:
            self.wrong(column, str(error))
            return Hours(0, 0)

    def moment(self, column: str) -> int:
        """A date and a time of day in the region's zone, or with an offset: ms UTC."""
        text = self.raw(column)
        try:
            told = datetime.fromisoformat(text)
        except ValueError:
            told = None
        if told is None or len(text) <= len("2026-12-01"):
            self.wrong(column, f"{text[:60]!r} is no date and time, such as 2026-12-01 09:30")
            return 0
        at = told if told.tzinfo else told.replace(tzinfo=self.judge.zone)
        again = at.astimezone(UTC).astimezone(self.judge.zone).replace(tzinfo=None)
        if told.tzinfo is None and again != told:
            self.wrong(column, f"{text}: the clocks are put forward, there is no such time")
        return int(at.timestamp() * 1000)

    def credentials(self, column: str = "credentials") -> tuple[Credential, ...]:
        """Crew words, each with the last day on which it is good: `peer:2027-05-31`."""
        found = {}
        for part in re.split(r"[\s,;|]+", self.raw(column)):
            word, _, until = part.partition(":")
            if not part:
                continue
            try:
                good_until = date.fromisoformat(until)
            except ValueError:
                self.wrong(column, f"{part[:60]!r}: a word and its last day, peer:2027-05-31")
                continue
            known = self._known(column, _wordlike(word), self.judge.vocabulary.needs["crew"])
            found[known] = Credential(known, good_until)
            self._lapse(column, found[known])
        return tuple(found[word] for word in sorted(found))

    def _lapse(self, column: str, credential: Credential) -> None:
        days = (credential.expires_on - self.judge.today).days
        if days < 0:
            text = "has lapsed; sending this crew warns and needs a supervisor's reason"
        elif days <= SOON_DAYS:
            text = f"lapses in {days} days"
        else:
            return
        self.look(column, f"{credential.word} ({credential.expires_on}) {text}")

    def place(self) -> tuple[float, float, str]:
        """Longitude, latitude and the zone in which they lie."""
        lon, lat = self._degrees("lon", 180), self._degrees("lat", 90)
        if lon is None or lat is None:
            return 0.0, 0.0, ""
        at = np.array([[lon, lat]])
        zone = self.judge.region.authorities.locate(at)[0]
        if zone is None:
            self.wrong("lon", self._outside(lon, lat))
        return lon, lat, zone or ""

    def _outside(self, lon: float, lat: float) -> str:
        region = self.judge.region
        if abs(lon) <= 90 and region.contains(np.array([[lat, lon]]))[0]:
            return "lon and lat seem to have changed places"
        if region.contains(np.array([[lon, lat]]))[0]:
            return f"{lon:g}, {lat:g} lies in the region, but in none of its zones"
        away_km = _distance_km(region, lon, lat)
        return f"{lon:g}, {lat:g} lies {away_km:,.1f} km outside {region.name}"

    def _degrees(self, column: str, most: int) -> float | None:
        text = self.raw(column)
        written = text.replace(",", ".") if self.table.decimal_comma else text
        if not NUMBER.fullmatch(written):
            hint = "; write the decimal point as a point" if "," in text else ""
            self.wrong(column, f"{text[:60]!r} is no number of degrees{hint}")
            return None
        if abs(float(written)) > most:
            self.wrong(column, f"{text} is not within ±{most} degrees")
            return None
        return float(written)

    def _known(self, column: str, word: str, known: Sequence[str]) -> str:
        if word in known:
            return word
        meant = nearest(word, known)
        hint = f"did you mean {meant!r}?" if meant else f"allowed are {', '.join(known)}"
        self.wrong(column, f"{word[:60]!r} is not known; {hint}" if word else f"is empty; {hint}")
        return word


def _fits(rule: TypeAdapter[str], text: str) -> bool:
    try:
        rule.validate_python(text, strict=True)
    except ValidationError:
        return False
    return True


def _wordlike(text: str) -> str:
    return re.sub(r"[\s-]+", "_", text.strip().lower())


def _distance_km(region: Region, lon: float, lat: float) -> float:
    from shapely import Point
    from shapely.ops import nearest_points

    edge = nearest_points(region.boundary, Point(lon, lat))[0]
    return float(haversine_m([lon, lat], [edge.x, edge.y])) / 1000


def duplicates(
    table: Table, rows: Sequence[tuple[int, str]], column: str, say: Callable[[int], str]
) -> list[Problem]:
    """Rows whose text was there before; `say` makes the sentence from the first row's number."""
    first: dict[str, int] = {}
    found = []
    for number, text in rows:
        if text and text in first:
            found.append(Problem(table.file, say(first[text]), number, column))
        first.setdefault(text, number)
    return found
