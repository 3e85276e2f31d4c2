"""Whoever drives is on a road, goes forward, and arrives."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from shapely import STRtree

from geo.closures import Closure, LiveRoads
from geo.points import Point, haversine_m
from geo.roads import RoadGraph
from simulator.driving import drive
from simulator.happenings import roads_of, settlement_of
from tests.simulator.lab import region

spots = st.integers(0, 200)
ON_THE_ROAD_DEG = 0.001


@pytest.fixture(scope="module")
def roads() -> LiveRoads:
    return roads_of(region())


@pytest.fixture(scope="module")
def graph() -> RoadGraph:
    found = region().roads
    assert found is not None
    return found


@pytest.fixture(scope="module")
def lines(graph: RoadGraph) -> STRtree:
    """Each road as a straight line between its nodes."""
    ends = np.stack((graph.nodes[graph.sources()], graph.nodes[graph.target]), axis=1)
    return STRtree(shapely.linestrings(ends))


def place(number: int) -> Point:
    at = settlement_of(region()).points
    return Point(*at[number % len(at)].tolist())


@settings(max_examples=25, deadline=None)
@given(spots, spots, st.floats(0.5, 2.0))
def test_a_trip_follows_the_roads_and_its_time_is_the_roads(
    roads: LiveRoads, graph: RoadGraph, lines: STRtree, here: int, there: int, factor: float
) -> None:
    origin, goal = place(here), place(there)
    ends = np.array([[origin.lon, origin.lat], [goal.lon, goal.lat]])
    told_s = float(roads.matrix(ends[:1], ends[1:]).seconds[0, 0])
    trip = drive(roads, origin, goal, 1_000, factor)
    assert trip.duration_s == pytest.approx(told_s * factor)
    assert (trip.at(0), trip.at(trip.ends_ms)) == (origin, goal)
    first_and_last_node = graph.nodes[cKDTree(graph.nodes).query(ends)[1]]
    leads = shapely.multilinestrings(np.stack((ends, first_and_last_node), axis=1))
    for share in np.linspace(0.1, 0.9, 9):
        point = trip.at(1_000 + int(share * 1000 * trip.duration_s))
        at = shapely.Point(point.lon, point.lat)
        _, beside_deg = lines.query_nearest(at, return_distance=True)
        assert min(beside_deg[0], shapely.distance(at, leads)) < ON_THE_ROAD_DEG


def test_a_moving_unit_never_jumps(roads: LiveRoads) -> None:
    trip = drive(roads, place(0), place(100), 0, 1.0)
    seconds = range(0, int(trip.duration_s), 5)
    way = np.array([(p.lon, p.lat) for p in (trip.at(1000 * s) for s in seconds)])
    assert float(haversine_m(way[:-1], way[1:]).max()) < 5 * 45  # 45 m/s: faster than any road


def test_where_every_road_is_closed_somebody_still_gets_there_slowly() -> None:
    roads = roads_of(region())
    origin, goal = place(0), place(50)
    open_s = drive(roads, origin, goal, 0, 1.0).duration_s
    roads.put(Closure("all", region().boundary.buffer(0.1), float("inf")))
    closed = drive(roads, origin, goal, 0, 1.0)
    assert closed.duration_s > open_s
    halfway = closed.at(closed.ends_ms // 2)
    assert halfway.lon == pytest.approx((origin.lon + goal.lon) / 2, abs=0.01)


def test_a_storm_makes_the_drive_longer() -> None:
    roads = roads_of(region())
    origin, goal = place(0), place(50)
    open_s = drive(roads, origin, goal, 0, 1.0).duration_s
    roads.put(Closure("storm", region().boundary, 2.0))
    assert drive(roads, origin, goal, 0, 1.0).duration_s > 1.5 * open_s
