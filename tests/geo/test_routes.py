from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.closures import LiveRoads
from geo.extract import STRETCH_M, Built, build_from_extract
from geo.points import Point, haversine_m, points, positions
from geo.region import Region
from geo.roads import road_graph
from geo.routes import Route
from geo.trees import Trees
from tests.geo.osm_files import osm_file

START, END = Point(-112.0, 40.0), Point(-111.8, 40.0)


def test_somebody_is_where_the_route_says_after_a_while() -> None:
    route = Route(positions([START, (-111.9, 40.0), END]), np.array((0.0, 100.0, 300.0)))
    assert route.duration_s == 300
    assert route.after(-5) == START
    assert route.after(50).lon == pytest.approx(-111.95)
    assert route.after(200).lon == pytest.approx(-111.85)
    assert route.after(1_000) == END


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_route_follows_edges_and_takes_the_time_of_the_matrix(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes = rng.uniform((-112, 40), (-111, 41), (30, 2))
    source, target = rng.integers(0, 30, (2, 70))
    roads = road_graph(nodes, source, target, rng.integers(1, 900_000, 70), note="test")
    trees = Trees(roads)
    start, end = points(nodes[rng.integers(0, 30, 2)])
    expected_s = trees.matrix(positions([start]), positions([end])).seconds[0, 0]
    route = trees.route(start, end)
    if route is None:
        assert np.isnan(expected_s)
        return
    assert route.duration_s == pytest.approx(expected_s, abs=0.5)
    assert (np.diff(route.elapsed_s) >= 0).all()
    node = [int(np.argmin(haversine_m(nodes, at))) for at in route.at]
    steps = {(a, b) for a, b in pairwise(node) if a != b}
    assert steps <= set(zip(source.tolist(), target.tolist(), strict=True))
    assert points(route.at[[0, -1]]) == [start, end]


def test_a_neighbour_is_reached_directly_and_a_remote_place_not_at_all() -> None:
    roads = road_graph([START, END], [0], [1], [900_000], note="one-way")
    trees = Trees(roads)
    neighbour = Point(-112.0, 40.01)
    direct = trees.route(START, neighbour)
    assert direct is not None
    assert len(direct.at) == 2
    assert trees.route(END, START) is None
    assert trees.route(START, Point(-100.0, 40.0)) is None


def test_a_crew_from_salt_lake_city_to_st_george_stays_in_utah(utah: Region) -> None:
    start, end = (
        points(utah.places.at[[utah.places.names.index(name)]])[0]
        for name in ("Salt Lake City", "Saint George")
    )
    route = LiveRoads(utah.roads).route(start, end)
    assert route is not None
    assert utah.contains(route.at).all()
    assert haversine_m(route.at[1:], route.at[:-1]).max() < 2_500
    road, elapsed_s = route.at[1:-1], route.elapsed_s[1:-1]
    speed_m_s = haversine_m(road[1:], road[:-1]) / np.diff(elapsed_s)
    assert 5 < speed_m_s.min() < speed_m_s.max() < 36


def test_a_route_follows_the_bends_of_real_streets_in_the_time_of_the_matrix(
    helsinki_roads: Built,
) -> None:
    roads = helsinki_roads.roads.graph
    trees = Trees(roads)
    rng = np.random.default_rng(988)
    for start, end in zip(
        *(points(roads.nodes[rng.choice(len(roads.nodes), 40)]) for _ in "ab"), strict=True
    ):
        route = trees.route(start, end)
        assert route is not None
        expected_s = trees.matrix(positions([start]), positions([end])).seconds[0, 0]
        assert route.duration_s == pytest.approx(expected_s, abs=0.5)
        assert (np.diff(route.elapsed_s) >= 0).all()
        # No piece is faster than a car in a town: a bend left out would be a jump.
        metres = haversine_m(route.at[:-1], route.at[1:])
        assert metres.max() <= STRETCH_M + 1
        assert (metres <= np.diff(route.elapsed_s) * 12 + 1).all()


def test_a_bent_road_is_drawn_bent_in_both_directions(tmp_path: Path) -> None:
    bow = {1: (25.0, 60.0), 2: (25.0005, 60.0004), 3: (25.001, 60.0005), 4: (25.0015, 60.0)}
    extract = osm_file(tmp_path, bow, [([1, 2, 3, 4], {"highway": "residential"})])
    trees = Trees(build_from_extract(extract).roads.graph)
    there, back = (
        trees.route(Point(*bow[1]), Point(*bow[4])),
        trees.route(Point(*bow[4]), Point(*bow[1])),
    )
    assert there is not None
    assert back is not None
    assert np.allclose(there.at, back.at[::-1], atol=1e-5)
    assert np.allclose(there.at[1:-1], [bow[i] for i in (1, 2, 3, 4)], atol=1e-5)
