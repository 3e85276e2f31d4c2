"""Each row is judged cell by cell, with what is allowed and what was probably meant."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretower.importing.cells import Judge
from caretower.importing.rows import COLUMNS, Plan, Source, read_plan, unknown

TEAM = {
    "key": "t1",
    "name": "Team 1",
    "lon": "24.94",
    "lat": "60.17",
    "offers": "therapist lang_en",
    "hours": "07:00-19:00",
    "seats": "3",
    "phone": "+1-555-0100",
}
FACILITY = {"key": "f1", "name": "House", "lon": "24.94", "lat": "60.17"}
UNIT = {
    "key": "u1",
    "facility": "f1",
    "name": "Beds",
    "type": "respite",
    "takes": "adult",
    "capacity": "8",
}
VAN = {"key": "v1", "name": "Van", "lon": "24.94", "lat": "60.17", "seats": "3", "hours": "always"}
SLOT = {
    "key": "s1",
    "facility": "f1",
    "name": "Intake",
    "starts": "2027-01-11 09:30",
    "minutes": "50",
    "mode": "in_person",
}
CREW = {"key": "c1", "name": "Ash", "team": "t1", "credentials": "peer:2027-05-31"}
GOOD = {
    "facilities": FACILITY,
    "units": UNIT,
    "slots": SLOT,
    "teams": TEAM,
    "crew": CREW,
    "vans": VAN,
}


def table(*rows: dict[str, str]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def plan(judge: Judge, what: str, *rows: dict[str, str]) -> Plan:
    return read_plan({what: Source(f"{what}.csv", table(*rows))}, judge)


def test_the_examples_of_the_page_are_without_fault(
    judge: Judge, example: dict[str, Source]
) -> None:
    read = read_plan(example, judge)
    assert [str(problem) for problem in read.problems] == []
    counts = [len(rows or ()) for rows in (read.facilities, read.units, read.teams, read.vans)]
    assert counts == [4, 5, 3, 2]
    assert (len(read.slots or ()), len(read.crew or ())) == (3, 5)
    assert unknown(read, {}) == ()


@pytest.mark.parametrize("what", sorted(GOOD))
def test_a_good_row_is_read(judge: Judge, what: str) -> None:
    read = plan(judge, what, GOOD[what])
    assert [str(problem) for problem in read.problems] == []


def test_places_are_given_their_zone(judge: Judge) -> None:
    north = {**FACILITY, "lat": "60.18"}
    rows = plan(judge, "facilities", FACILITY, {**north, "key": "f2", "name": "North"}).facilities
    assert [row.zone for row in rows or ()] == ["south", "north"]


@pytest.mark.parametrize(
    ("what", "change", "sentence"),
    [
        ("teams", {"offers": "therapst"}, "'therapst' is not known; did you mean 'therapist'?"),
        ("teams", {"offers": "juggler"}, "offers: 'juggler' is not known; allowed are child"),
        ("teams", {"hours": "7 to 19"}, "hours: '7 to 19' are no hours: write 07:00-19:00"),
        ("teams", {"hours": "07:00-24:30"}, "a day ends at 24:00"),
        ("teams", {"hours": "25:00-26:00"}, "are no hours"),
        ("teams", {"seats": "-1"}, "seats: '-1' is no whole number of 0 or more"),
        ("teams", {"seats": "3.5"}, "no whole number"),
        ("teams", {"seats": "61"}, "seats: 61 is more than 60"),
        ("teams", {"lon": "60.17", "lat": "24.94"}, "lon and lat seem to have changed places"),
        ("teams", {"lon": "25.94"}, "54.3 km outside Harbor County"),
        ("teams", {"lon": "east"}, "lon: 'east' is no number of degrees"),
        ("teams", {"lat": "60,17"}, "write the decimal point as a point"),
        ("teams", {"lat": "nan"}, "no number of degrees"),
        ("teams", {"lat": "91"}, "lat: 91 is not within ±90 degrees"),
        ("teams", {"key": ""}, "key: is empty"),
        ("teams", {"key": "team 1"}, "letters, digits, hyphen"),
        ("teams", {"name": " "}, "name: is empty"),
        ("teams", {"name": "x" * 121}, "up to 120 signs"),
        ("teams", {"name": "a\u202eb"}, "signs that show"),
        ("teams", {"name": "\u2060"}, "letters among them"),
        ("teams", {"phone": "+-()"}, "is no telephone number"),
        ("teams", {"phone": "call me"}, "phone: 'call me' is no telephone number"),
        ("vans", {"seats": "0"}, "a van carries at least one person"),
        ("vans", {"seats": ""}, "no whole number"),
        ("units", {"type": "respit"}, "type: 'respit' is not known; did you mean 'respite'?"),
        ("units", {"type": ""}, "type: is empty; allowed are receiving"),
        ("units", {"capacity": "many"}, "capacity: 'many' is no whole number"),
        ("facilities", {"serves": "nort"}, "serves: 'nort' is not known; did you mean 'north'?"),
        ("facilities", {"kind": "12"}, "kind: '12' is no word"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_told_with_its_place(
    judge: Judge, what: str, change: dict[str, str], sentence: str
) -> None:
    read = plan(judge, what, {**GOOD[what], **change})
    said = [str(problem) for problem in read.problems]
    assert any(sentence in each for each in said), said
    assert said[0].startswith(f"{what}.csv, row 2, ")
    assert not read.sound


def test_all_faults_of_a_file_are_told_at_once(judge: Judge) -> None:
    bad = {**TEAM, "name": "", "seats": "x", "hours": ""}
    read = plan(judge, "teams", bad, {**bad, "key": "t2"})
    assert [problem.row for problem in read.problems] == [2, 2, 2, 3, 3, 3]


def test_decimal_commas_are_read_where_semicolons_part_the_cells(judge: Judge) -> None:
    data = b"key;name;lon;lat\nf1;House;24,94;60,17\n"
    read = read_plan({"facilities": Source("f.csv", data)}, judge)
    assert read.sound
    assert [(row.lon, row.lat) for row in read.facilities or ()] == [(24.94, 60.17)]


def test_the_same_key_twice_is_a_fault_and_the_same_name_twice_a_question(judge: Judge) -> None:
    read = plan(judge, "facilities", FACILITY, FACILITY)
    assert [(str(p), p.fatal) for p in read.problems] == [
        ("facilities.csv, row 3, key: row 2 has the same key", True),
        ("facilities.csv, row 3, name: row 2 has the same name: is it the same?", False),
    ]


def test_units_of_two_facilities_may_have_the_same_name(judge: Judge) -> None:
    other = {**UNIT, "key": "u2", "facility": "f2"}
    assert plan(judge, "units", UNIT, other).problems == ()


def test_a_unit_of_a_facility_that_nobody_knows_is_a_fault(judge: Judge) -> None:
    sources = {
        "facilities": Source("f.csv", table(FACILITY)),
        "units": Source("u.csv", table({**UNIT, "facility": "f11"}, {**UNIT, "key": "u2"})),
    }
    (problem,) = unknown(read_plan(sources, judge), {})
    assert str(problem) == (
        "u.csv, row 2, facility: no facility has the key 'f11'; did you mean 'f1'?"
    )


def test_a_facility_that_was_imported_before_is_known(judge: Judge) -> None:
    assert unknown(plan(judge, "units", UNIT), {"facility": ["f1"]}) == ()


def test_more_people_than_places_are_looked_at_and_not_refused(judge: Judge) -> None:
    read = plan(judge, "units", {**UNIT, "occupied": "9"})
    assert read.sound
    assert "9 occupied and 0 closed of 8" in str(read.problems[0])


def test_without_a_count_nothing_is_invented(judge: Judge) -> None:
    (row,) = plan(judge, "units", UNIT).units or ()
    assert row.counted is None
    (row,) = plan(judge, "units", {**UNIT, "occupied": "2"}).units or ()
    assert row.counted == (2, 0)


anything = st.text(max_size=12) | st.sampled_from(["1", "24.94", "60.17", "adult", "always", "*"])


@given(st.sampled_from(sorted(COLUMNS)), st.data())
def test_any_cells_are_a_definition_or_sentences(
    judge: Judge, what: str, data: st.DataObject
) -> None:
    required, optional = COLUMNS[what]
    row = {name: data.draw(anything, label=name) for name in (*required, *optional)}
    read = plan(judge, what, row)
    for problem in read.problems:
        assert problem.file == f"{what}.csv"
        assert str(problem).isprintable()


def test_a_crew_of_a_team_that_nobody_knows_is_a_fault(judge: Judge) -> None:
    (problem,) = unknown(plan(judge, "crew", CREW), {"team": ["t2"]})
    assert "crew.csv, row 2, team: no team has the key 't1'" in str(problem)
    assert unknown(plan(judge, "crew", {**CREW, "team": ""}), {}) == ()


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-11-30", "peer (2026-11-30) has lapsed"),
        ("2026-12-01", "lapses in 0 days"),
        ("2026-12-31", "lapses in 30 days"),
        ("2027-01-01", None),
    ],
)
def test_a_credential_that_has_lapsed_or_soon_does_is_looked_at(
    judge: Judge, until: str, said: str | None
) -> None:
    read = plan(judge, "crew", {**CREW, "credentials": f"peer:{until}"})
    assert read.sound
    assert [said in str(problem) for problem in read.problems] == ([True] if said else [])


def test_an_appointment_is_at_the_regions_own_time(judge: Judge) -> None:
    """Helsinki is two hours ahead in January; an offset says something else."""
    times = ("2027-01-11 09:30", "2027-01-11T07:30+00:00", "2027-01-11T07:30Z")
    rows = [{**SLOT, "key": f"s{n}", "starts": told} for n, told in enumerate(times)]
    read = plan(judge, "slots", *rows)
    assert {slot.starts_ms for slot in read.slots or ()} == {1_799_652_600_000}


@pytest.mark.parametrize(
    ("what", "change", "text"),
    [
        ("slots", {"starts": "2027-01-11"}, "is no date and time"),
        ("slots", {"starts": "next week"}, "is no date and time"),
        ("slots", {"starts": "2027-03-28 03:30"}, "there is no such time"),
        ("slots", {"minutes": "0"}, "a minute at least"),
        ("slots", {"mode": "phone"}, "'phone' is not known"),
        ("crew", {"credentials": "peer"}, "a word and its last day"),
        ("crew", {"credentials": "peer:31.5.2027"}, "a word and its last day"),
        ("crew", {"credentials": "pear:2027-05-31"}, "did you mean 'peer'?"),
    ],
)
def test_an_appointment_or_a_credential_that_makes_no_sense_is_a_fault(
    judge: Judge, what: str, change: dict[str, str], text: str
) -> None:
    read = plan(judge, what, GOOD[what] | change)
    assert not read.sound
    assert any(text in str(problem) for problem in read.problems)
