"""What phones send is read as they mean it, and nothing that they could send breaks the reader."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import osmand
from api.errors import BadInput, Unreadable
from api.osmand import Heard, from_json, from_parameters

AT_MS = 1_795_334_400_000


def test_traccar_client_before_version_9_sends_seconds_in_parameters() -> None:
    told = {
        "id": "gps.key", "timestamp": "1795334400", "lat": "41.22", "lon": "-111.97",
        "speed": "11.879", "bearing": "271.0", "altitude": "1310.0", "accuracy": "4.5",
        "batt": "81.0",
    }  # fmt: skip
    message = from_parameters(told)
    assert (message.key, message.points) == ("gps.key", (Heard(-111.97, 41.22, AT_MS, 4.5),))


def test_the_osmand_app_sends_milliseconds_and_its_accuracy_as_hdop() -> None:
    told = {
        "id": "gps.key", "lat": "41.22", "lon": "-111.97", "timestamp": "1795334400000",
        "hdop": "12.0", "altitude": "1310.0", "speed": "11.8", "bearing": "271.0",
    }  # fmt: skip
    assert from_parameters(told).points == (Heard(-111.97, 41.22, AT_MS, 12.0),)
    coarse = from_parameters(told | {"hdop": "1800.0"}).points[0]
    assert coarse.accuracy_m == 1800.0


@pytest.mark.parametrize(
    ("time", "at_ms"),
    [
        ("2026-11-22T08:00:00Z", AT_MS),
        ("2026-11-22T08:00:00.000Z", AT_MS),
        ("2026-11-22 08:00:00", AT_MS),
        ("2026-11-22T01:00:00-07:00", AT_MS),
        ("1795334400.5", AT_MS + 500),
    ],
)
def test_a_time_is_read_in_every_form_that_trackers_use(time: str, at_ms: int) -> None:
    told = {"deviceid": "k", "location": "41.22,-111.97", "timestamp": time}
    assert from_parameters(told).points == (Heard(-111.97, 41.22, at_ms),)


def location(**more: Any) -> dict[str, Any]:
    return {
        "timestamp": "2026-11-22T08:00:00.000Z",
        "coords": {
            "latitude": 41.22, "longitude": -111.97, "accuracy": 5.2, "speed": -1,
            "speed_accuracy": -1, "heading": -1, "heading_accuracy": -1, "altitude": 1310.4,
        },
        "is_moving": True, "odometer": 1234.5, "uuid": "5b6c", "event": "motionchange",
        "battery": {"level": 0.81, "is_charging": False},
        "activity": {"type": "in_vehicle", "confidence": 100},
        "extras": {},
    } | more  # fmt: skip


def test_traccar_client_from_version_9_on_sends_json() -> None:
    body = json.dumps({"location": location(), "device_id": "gps.key"}).encode()
    message = from_json(body)
    assert (message.key, message.points) == ("gps.key", (Heard(-111.97, 41.22, AT_MS, 5.2),))


def test_a_batch_after_a_dead_spot_is_taken_in_the_order_of_its_times() -> None:
    later = location(timestamp="2026-11-22T08:00:30.000Z")
    body = json.dumps({"location": [later, location()], "device_id": 7}).encode()
    message = from_json(body)
    assert message.key == "7"
    assert [one.at_ms for one in message.points] == [AT_MS, AT_MS + 30_000]


@pytest.mark.parametrize(
    "doubt",
    [
        {"valid": "false"}, {"valid": "0"}, {"mock": "true"},
        {"lat": "north"}, {"lon": ""}, {"lat": "inf"}, {"timestamp": "yesterday"},
        {"timestamp": "-5"}, {"timestamp": "1e300"},
    ],
)  # fmt: skip
def test_a_point_that_is_doubted_has_no_place(doubt: dict[str, str]) -> None:
    told = {"id": "k", "lat": "41.22", "lon": "-111.97", "timestamp": "1795334400"} | doubt
    (point,) = from_parameters(told).points
    assert math.isnan(point.lon) or math.isnan(point.lat)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"device_id": "k", "location": 5}', b"null"])
def test_another_document_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        from_json(body)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"id=1&lat=2"])
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        from_json(body)


parameters = st.dictionaries(
    st.sampled_from(["id", "deviceid", "lat", "lon", "location", "timestamp", "hdop", "accuracy",
                     "valid", "mock", "speed", "batt"]),
    st.text(max_size=20) | st.floats().map(str) | st.integers().map(str),
)  # fmt: skip


@given(parameters)
def test_no_parameters_break_the_reader(given_: dict[str, str]) -> None:
    try:
        message = from_parameters(given_)
    except BadInput:
        return
    assert message.key
    for point in message.points:
        assert not math.isinf(point.lon)
        assert point.at_ms is None or 0 < point.at_ms < 10**14


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["device_id", "location", "coords", "latitude", "longitude", "timestamp",
                         "accuracy", "mock"]),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


@given(json_values | st.binary())
def test_no_body_breaks_the_reader(body: Any) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        message = from_json(raw)
    except (BadInput, Unreadable):
        return
    assert all(p.at_ms is None or 0 < p.at_ms < osmand.MAX_TIME_MS for p in message.points)


def test_a_time_of_four_hundred_digits_is_no_time() -> None:
    told = f'{{"device_id": "k", "location": {{"timestamp": {"1" * 400}, "coords": {{}}}}}}'
    assert from_json(told.encode()).points[0].at_ms is None


def test_a_body_nested_deeper_than_anybody_reads_cannot_be_read() -> None:
    deep = "[" * 200_000 + "]" * 200_000
    with pytest.raises(Unreadable):
        from_json(f'{{"device_id": "k", "x": {deep}}}'.encode())
