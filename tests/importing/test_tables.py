"""Tables are read as spreadsheets write them, and whatever they hold, nothing is ever raised."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caretower.importing.tables import Table, read_table

PLAIN = 'key,name,lon,lat\na,Ärla house,24.94,60.17\nb,"Quay, north",24.95,60.16\n'


def read(data: bytes, **more: Any) -> Table:
    columns = {"required": ("key", "name"), "optional": ("lon", "lat", "takes")}
    return read_table("t.csv", data, **{**columns, **more})


def names(table: Table) -> list[str]:
    return [row.values["name"] for row in table.rows]


def sentences(table: Table) -> list[str]:
    return [str(problem) for problem in table.problems]


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace(",", "\t").replace("Quay\t", "Quay,").encode(),
        ("\n \n" + PLAIN.replace("\na,", "\n,,,\na,")).encode(),
        PLAIN.replace("key,name,lon,lat", "ID , Name,Longitude, LATITUDE").encode(),
    ],
    ids=["utf-8", "mark", "utf-16", "crlf", "cr", "tabs", "blank lines", "other headers"],
)
def test_every_spreadsheets_way_of_writing_gives_the_same_rows(data: bytes) -> None:
    table = read(data)
    assert sentences(table) == []
    assert names(table) == ["Ärla house", "Quay, north"]
    assert [row.values["key"] for row in table.rows] == ["a", "b"]
    assert table.rows[0].values["lon"] == "24.94"


@pytest.mark.parametrize("head", ["", "sep=;\n", "SEP=;\r\n"])
def test_semicolons_come_with_decimal_commas(head: str) -> None:
    table = read((head + "key;name;lon;lat\na;A;24,94;60,17\n").encode())
    assert table.decimal_comma
    assert table.rows[0].values["lon"] == "24,94"
    assert table.rows[0].number == (3 if head else 2)


def test_an_older_encoding_is_read_and_told() -> None:
    table = read(PLAIN.encode("latin-1"))
    assert names(table)[0] == "Ärla house"
    assert "latin-1" in sentences(table)[0]
    assert not table.problems[0].fatal


def test_rows_are_numbered_as_a_spreadsheet_numbers_them() -> None:
    table = read(b'key,name\na,"two\nlines"\n\nb,B\n')
    assert [row.number for row in table.rows] == [2, 4]


def test_geojson_points_are_rows_with_lon_and_lat() -> None:
    feature = {
        "type": "Feature",
        "properties": {"key": "a", "name": "A", "takes": ["adult", "secure"], "other": None},
        "geometry": {"type": "Point", "coordinates": [24.94, 60.17, 12.0]},
    }
    table = read(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode())
    assert table.rows[0].values == {
        "key": "a",
        "name": "A",
        "takes": "adult secure",
        "other": "",
        "lon": "24.94",
        "lat": "60.17",
    }


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"PK\x03\x04rest", "workbook"),
        (b"key,name\n\x00,b\n", "not text"),
        (b"key,name\n", "no rows"),
        (b"name\nA\n", "key: this column is missing"),
        (b"key,name,key\na,A,b\n", "key: the header has this column 2 times"),
        (b"key,name\na,A,B\n", "row 2: 3 cells, but the header has 2"),
        (b'key,name\na,"A\n', "quotation mark"),
        (b'key,name\na,"A"B\n', "quotation mark"),
        (b"{", "neither CSV nor JSON"),
        (b"[1, 2]", "not GeoJSON"),
        (b'{"features": [3]}', "row 1: a feature"),
        (b'{"features": [{"properties": {}, "geometry": {"type": "Line"}}]}', "a Point"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(data: bytes, word: str) -> None:
    table = read(data)
    assert any(word in sentence for sentence in sentences(table)), sentences(table)
    assert any(problem.fatal for problem in table.problems)


def test_a_file_without_end_is_not_read_to_the_end() -> None:
    assert "more than 50,000 rows" in sentences(read(b"key,name\n" + b"a,A\n" * 50_001))[0]
    assert "larger than 20 MB" in sentences(read(b"x" * 20_000_001))[0]


def test_an_unknown_column_is_told_with_the_one_that_was_meant() -> None:
    table = read(b"key,name,taks,colour\na,A,adult,red\n")
    assert ["did you mean 'takes'?" in each for each in sentences(table)] == [True, False]
    assert not any(problem.fatal for problem in table.problems)


def test_every_wrong_row_is_told_and_not_only_the_first() -> None:
    table = read(b"key,name\na,A,B\nb,B\nc,C,D\n")
    assert [problem.row for problem in table.problems] == [2, 4]


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_sentences(data: bytes) -> None:
    table = read(data)
    assert table.rows or any(problem.fatal for problem in table.problems)


cells = st.text(st.sampled_from(' ab,;"\t\n\r1.é\ufeff='), max_size=40)


@given(cells)
def test_any_text_after_a_header_is_rows_or_sentences(text: str) -> None:
    table = read(("key,name\n" + text).encode())
    assert table.rows or any(problem.fatal for problem in table.problems)


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda kids: (
        st.lists(kids, max_size=3) | st.dictionaries(st.text(max_size=5), kids, max_size=3)
    ),
)
features = st.fixed_dictionaries(
    {}, optional={"properties": trees, "geometry": trees, "type": trees}
)


@given(st.lists(features | trees, max_size=3))
def test_any_json_is_rows_or_sentences(found: list[Any]) -> None:
    table = read(json.dumps({"features": found}).encode())
    assert table.rows or any(problem.fatal for problem in table.problems)
