"""Tables as people write them: CSV of any spreadsheet, or GeoJSON points. Pure: bytes to rows.

Nothing here raises on bad data: what is wrong becomes a `Problem`, with its place in the file.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

MAX_BYTES = 20_000_000
MAX_ROWS = 50_000
DELIMITERS = ",;\t|"
ALIASES = {"longitude": "lon", "lng": "lon", "long": "lon", "latitude": "lat", "id": "key"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong (fatal) or to be looked at, and where. `row` counts as spreadsheets do."""

    file: str
    text: str
    row: int | None = None
    column: str | None = None
    fatal: bool = True

    def __str__(self) -> str:
        where = [self.file]
        where += [f"row {self.row}"] if self.row is not None else []
        where += [self.column] if self.column is not None else []
        return f"{', '.join(where)}: {self.text}"


@dataclass(frozen=True, slots=True)
class Row:
    """One record: column → what was written there, without the space around it."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows. `decimal_comma`: numbers may be written 24,95."""

    file: str
    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    decimal_comma: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Reading:
    """What is found on the way."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, text: str, row: int | None = None, column: str | None = None) -> None:
        self.problems.append(Problem(self.file, text, row, column))

    def look(self, text: str, row: int | None = None, column: str | None = None) -> None:
        self.problems.append(Problem(self.file, text, row, column, fatal=False))

    def nothing(self) -> Table:
        return Table(self.file, problems=tuple(self.problems))


def read_table(
    file: str, data: bytes, *, required: Sequence[str], optional: Sequence[str]
) -> Table:
    """The rows of a CSV or GeoJSON file. A table without rows has a problem that says why."""
    reading = _Reading(file)
    if len(data) > MAX_BYTES:
        reading.wrong(f"the file is larger than {MAX_BYTES // 1_000_000} MB")
        return reading.nothing()
    if data.startswith(b"PK\x03\x04"):
        reading.wrong("this is a workbook: save it as CSV (UTF-8) and import that")
        return reading.nothing()
    text = _decoded(reading, data)
    if text is None:
        return reading.nothing()
    is_json = text.lstrip()[:1] in ("{", "[")
    table = _geojson(reading, text) if is_json else _csv(reading, text)
    return _judged(reading, table, required, optional)


def nearest(word: str, words: Sequence[str]) -> str | None:
    """The word that was probably meant."""
    found = get_close_matches(word[:80], words, n=1, cutoff=0.6)
    return found[0] if found else None


def _decoded(reading: _Reading, data: bytes) -> str | None:
    """UTF-8 with or without its mark, UTF-16 with its mark, else Windows' western encoding."""
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
        reading.look("not UTF-8; read as Windows-1252 (latin-1): look at names with accents")
    if "\0" in text:
        reading.wrong("this is not text: save the table as CSV (UTF-8)")
        return None
    if not text.strip():
        reading.wrong("the file is empty")
        return None
    return text


def _csv(reading: _Reading, text: str) -> Table:
    delimiter, text, skipped = _delimiter(text)
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for record in reader:
            records.append([cell.strip() for cell in record])
            if len(records) > MAX_ROWS:
                reading.wrong(f"more than {MAX_ROWS:,} rows")
                break
    except csv.Error as error:
        reading.wrong(f"this is no CSV: {error}; is a quotation mark not closed?", len(records) + 1)
    numbered = [(number, record) for number, record in enumerate(records, 1 + skipped)]
    numbered = [(number, record) for number, record in numbered if any(record)]
    if not numbered:
        return Table(reading.file)
    (_, head), *rest = numbered
    columns = tuple(_column(cell) for cell in head)
    for name, times in Counter(columns).items():
        if name and times > 1:
            reading.wrong(f"the header has this column {times} times", column=name)
    rows = []
    for number, record in rest:
        if any(record[len(columns) :]):
            reading.wrong(
                f"{len(record)} cells, but the header has {len(columns)}: "
                f"a text with {delimiter!r} in it must be quoted",
                number,
            )
            continue
        values = dict(zip(columns, record, strict=False))
        rows.append(Row(number, {name: cell for name, cell in values.items() if name}))
    return Table(reading.file, columns, tuple(rows), decimal_comma=delimiter != ",")


def _delimiter(text: str) -> tuple[str, str, int]:
    """The delimiter, the text after a `sep=` line, and how many lines that was."""
    first, _, rest = text.partition("\n")
    told = re.fullmatch(r"sep=(.)\s*", first.strip("\r"), flags=re.IGNORECASE)
    if told and told[1] in DELIMITERS:
        return told[1], rest, 1
    head = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", head)
    return max(DELIMITERS, key=bare.count), text, 0


def _column(cell: str) -> str:
    name = re.sub(r"[\s-]+", "_", cell.strip().lower())
    return ALIASES.get(name, name)


def _geojson(reading: _Reading, text: str) -> Table:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        reading.wrong("this is neither CSV nor JSON")
        return Table(reading.file)
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        reading.wrong("this is not GeoJSON: a FeatureCollection is expected")
        return Table(reading.file)
    rows = []
    for number, feature in enumerate(features[:MAX_ROWS], 1):
        values = _feature(reading, number, feature)
        if values is not None:
            rows.append(Row(number, values))
    if len(features) > MAX_ROWS:
        reading.wrong(f"more than {MAX_ROWS:,} features")
    columns = tuple(dict.fromkeys(name for row in rows for name in row.values))
    return Table(reading.file, columns, tuple(rows))


def _feature(reading: _Reading, number: int, feature: Any) -> dict[str, str] | None:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        reading.wrong("a feature with properties is expected", number)
        return None
    values = {_column(str(name)): _written(value) for name, value in properties.items()}
    geometry = feature.get("geometry")
    if geometry is not None:
        at = geometry.get("coordinates") if isinstance(geometry, dict) else None
        point = isinstance(geometry, dict) and geometry.get("type") == "Point"
        if not point or not isinstance(at, list) or len(at) < 2:
            reading.wrong("a Point is expected", number, "geometry")
            return None
        values |= {"lon": _written(at[0]), "lat": _written(at[1])}
    return values


def _written(value: Any) -> str:
    """A JSON value as a cell would have it."""
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(_written(each) for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() if isinstance(value, str | int | float) else "{…}"


def _judged(
    reading: _Reading, table: Table, required: Sequence[str], optional: Sequence[str]
) -> Table:
    known = (*required, *optional)
    if not table.rows and not any(problem.fatal for problem in reading.problems):
        reading.wrong("there are no rows")
    for name in table.columns:
        if name and name not in known:
            meant = nearest(name, known)
            hint = f"did you mean {meant!r}?" if meant else f"known are {', '.join(known)}"
            reading.look(f"nobody knows this column, it is ignored; {hint}", column=name[:60])
    missing = [name for name in required if name not in table.columns] if table.columns else []
    if missing:  # then every row would be wrong
        reading.problems = [problem for problem in reading.problems if problem.row is None]
    for name in missing:
        reading.wrong(
            f"this column is missing; the file has {', '.join(table.columns)[:300]}", column=name
        )
    rows = () if missing else table.rows
    return Table(table.file, table.columns, rows, table.decimal_comma, tuple(reading.problems))
