import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.driving import Drive, Memory, drive, ends_here, kmh_of, load_driving, seconds_of

RULES = load_driving()


def driven(**tags: str) -> Drive | None:
    return drive({key.replace("__", ":"): value for key, value in tags.items()}, RULES)


def ways(**tags: str) -> tuple[bool, bool]:
    found = driven(**tags)
    return (False, False) if found is None else (found.forward_kmh > 0, found.backward_kmh > 0)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "residential"}, (True, True)),
        ({"highway": "residential", "oneway": "yes"}, (True, False)),
        ({"highway": "residential", "oneway": "-1"}, (False, True)),
        ({"highway": "residential", "oneway": "no"}, (True, True)),
        ({"highway": "motorway"}, (True, False)),
        ({"highway": "motorway", "oneway": "no"}, (True, True)),
        ({"highway": "motorway_link"}, (True, True)),
        ({"highway": "tertiary", "junction": "roundabout"}, (True, False)),
        ({"highway": "tertiary", "oneway": "reversible"}, (False, False)),
        ({"highway": "tertiary", "oneway": "yes", "oneway__motor_vehicle": "no"}, (True, True)),
        ({"highway": "tertiary", "motor_vehicle__backward": "no"}, (True, False)),
        ({"highway": "service", "access": "private"}, (False, False)),
        ({"highway": "service", "access": "private", "motor_vehicle": "destination"}, (True, True)),
        ({"highway": "service", "access": "yes", "motorcar": "no"}, (False, False)),
        ({"highway": "service", "access": "customers"}, (True, True)),
        ({"highway": "unclassified", "access": "no"}, (False, False)),
        ({"highway": "track"}, (False, False)),
        ({"highway": "track", "access": "yes"}, (False, False)),
        ({"highway": "track", "motor_vehicle": "yes"}, (True, True)),
        ({"highway": "pedestrian", "vehicle": "destination"}, (True, True)),
        ({"highway": "footway"}, (False, False)),
        ({"highway": "proposed"}, (False, False)),
        ({"highway": "residential", "construction": "yes"}, (False, False)),
        ({"highway": "residential", "construction": "minor"}, (True, True)),
        ({"highway": "residential", "smoothness": "impassable"}, (False, False)),
        ({"highway": "service", "area": "yes"}, (False, False)),
        ({"route": "ferry"}, (False, False)),
        ({"route": "ferry", "motor_vehicle": "yes"}, (True, True)),
        ({"building": "yes"}, (False, False)),
    ],
)
def test_which_way_a_road_is_open(tags: dict[str, str], expected: tuple[bool, bool]) -> None:
    assert ways(**tags) == expected


def test_a_tagged_limit_counts_before_the_class_and_each_direction_before_both() -> None:
    found = driven(highway="primary", maxspeed="50", maxspeed__backward="30")
    assert found == Drive(50 * RULES.limit.share, 30 * RULES.limit.share)
    assert driven(highway="primary") == Drive(RULES.kmh["primary"], RULES.kmh["primary"])


def test_a_bad_surface_slows_down_what_the_limit_allows() -> None:
    found = driven(highway="primary", maxspeed="100", surface="gravel", tracktype="grade5")
    assert found == Drive(20.0, 20.0)


@pytest.mark.parametrize(
    ("limit", "kmh"),
    [
        ("50", 50),
        ("30 mph", 48.28),
        ("30mph", 48.28),
        ("10 knots", 18.52),
        ("70; 50", 50),
        ("none", 140),
        ("walk", 7),
        ("DE:rural", 100),
        ("FR:rural", 80),
        ("SE:rural", 90),
        ("RU:urban", 60),
        ("DE:zone30", 30),
        ("DE:zone:20", 20),
        ("GB:nsl_single", 96.6),
    ],
)
def test_limits_are_read_with_their_units_zones_and_countries(limit: str, kmh: float) -> None:
    assert kmh_of(limit, RULES) == pytest.approx(kmh, abs=0.01)


@pytest.mark.parametrize("limit", ["", "signals", "variable", "fast", "0", "50 furlongs", "DE:"])
def test_a_limit_that_says_nothing_leaves_the_class_s_speed(limit: str) -> None:
    assert not kmh_of(limit, RULES)
    assert driven(highway="primary", maxspeed=limit) == driven(highway="primary")


def test_a_zone_s_word_beside_the_limit_counts_where_there_is_no_figure() -> None:
    found = driven(highway="primary", maxspeed="signals", source__maxspeed="DE:rural")
    assert found == Drive(80.0, 80.0)


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("45", 2700), ("1:30", 5400), ("01:30:20", 5420), ("PT1H30M", 5400), ("pt20m", 1200)],
)
def test_a_ferry_s_duration_is_read(duration: str, seconds: float) -> None:
    assert seconds_of(duration) == seconds
    found = driven(route="ferry", vehicle="yes", duration=duration)
    assert found is not None
    assert found.duration_s == seconds


@pytest.mark.parametrize("duration", ["", "soon", "0", "P1D", "PT"])
def test_a_duration_that_says_nothing_is_none(duration: str) -> None:
    assert seconds_of(duration) is None


@pytest.mark.parametrize(
    ("tags", "ends"),
    [
        ({}, False),
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "bollard": "rising"}, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, False),
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "lift_gate", "access": "private", "motorcar": "destination"}, False),
        ({"highway": "crossing", "access": "no"}, False),
    ],
)
def test_where_a_road_ends_at_a_barrier(tags: dict[str, str], ends: bool) -> None:
    assert ends_here(tags, RULES) is ends


WORDS = st.sampled_from(
    ["yes", "no", "-1", "private", "destination", "50", "30 mph", "DE:rural", "", "x;y", "reverse"]
)
KEYS = st.sampled_from(
    [
        *("oneway", "oneway:motor_vehicle", "access", "motor_vehicle", "motor_vehicle:backward"),
        *("maxspeed", "maxspeed:forward", "maxspeed:type", "zone:traffic", "surface", "smoothness"),
        *("junction", "area", "construction", "proposed", "status", "impassable", "route"),
    ]
)


@given(st.sampled_from(sorted(RULES.kmh)), st.dictionaries(KEYS, WORDS))
def test_no_tags_make_a_speed_that_no_car_drives(kind: str, tags: dict[str, str]) -> None:
    found = drive({**tags, "highway": kind}, RULES)
    if found is not None:
        speeds = (found.forward_kmh, found.backward_kmh)
        assert all(speed == 0 or 1 <= speed <= 140 for speed in speeds)
        assert any(speeds)


@given(st.text(max_size=20))
def test_any_text_is_a_limit_or_none_and_a_duration_or_none(text: str) -> None:
    limit, seconds = kmh_of(text, RULES), seconds_of(text)
    assert limit is None or limit >= 0
    assert seconds is None or seconds > 0


def test_every_rule_names_its_source() -> None:
    assert set(RULES.sources) >= {"kmh", "share_of_limit", "zones", "worst", "ferry", "access"}


@given(st.lists(st.tuples(st.sampled_from(sorted(RULES.kmh)), st.dictionaries(KEYS, WORDS))))
def test_remembering_changes_nothing(ways: list[tuple[str, dict[str, str]]]) -> None:
    memory = Memory(RULES)
    for kind, tags in [*ways, *ways]:
        way = {**tags, "highway": kind, "name": "whatever"}
        assert memory.drive(way) == drive(way, RULES)
