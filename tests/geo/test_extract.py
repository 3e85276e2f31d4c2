from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import rustworkx
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.extract import STRETCH_M, BadExtract, Built, NotEnoughMemory, build_from_extract
from geo.points import haversine_m, positions
from geo.road_file import BadRoadFile, read_roads, write_roads
from geo.roads import RoadGraph
from geo.trees import Trees, tree_ms
from tests.geo.every_node import every_node_graph
from tests.geo.osm_files import Spot, osm_file

# A square of about 110 m by 60 m in 60° north, and a spur.
SPOTS: dict[int, Spot] = {
    1: (25.000, 60.000),
    2: (25.001, 60.000),
    3: (25.001, 60.001),
    4: (25.000, 60.001),
    5: (25.002, 60.000),
}
ROAD = {"highway": "residential"}
SQUARE = ([1, 2, 3, 4, 1], ROAD)


def built(folder: Path, *args: object) -> Built:
    return build_from_extract(osm_file(folder, *args))  # type: ignore[arg-type]


def named_edges(graph: RoadGraph, spots: dict[int, Spot] = SPOTS) -> set[tuple[int, int]]:
    """Edges by the ids of the file's nodes; 0 for a node that the file does not have."""
    ids = {(round(lon, 6), round(lat, 6)): id_ for id_, (lon, lat) in spots.items()}
    name = [ids.get((round(lon, 6), round(lat, 6)), 0) for lon, lat in graph.nodes.tolist()]
    pairs = zip(graph.sources().tolist(), graph.target.tolist(), strict=True)
    return {(name[a], name[b]) for a, b in pairs}


def test_nodes_are_junctions_and_ends_and_bends_are_kept_for_drawing(tmp_path: Path) -> None:
    graph = built(
        tmp_path, SPOTS, [([1, 2, 3], ROAD), ([3, 4, 1], ROAD), ([2, 5], ROAD)]
    ).roads.graph
    assert named_edges(graph) == {(1, 2), (2, 1), (2, 3), (3, 2), (3, 1), (1, 3), (2, 5), (5, 2)}
    bent = [edge for edge in range(len(graph.target)) if len(graph.shapes.bends(edge))]
    assert [graph.shapes.bends(edge).tolist() for edge in bent] == [
        [pytest.approx(SPOTS[4], abs=1e-5)]
    ] * 2


def test_the_bends_of_a_road_driven_backwards_are_in_its_direction(tmp_path: Path) -> None:
    bow = {1: (25.0, 60.0), 2: (25.0005, 60.0002), 3: (25.001, 60.0002), 4: (25.0015, 60.0)}
    graph = built(tmp_path, bow, [([1, 2, 3, 4], ROAD)]).roads.graph
    (there,) = np.flatnonzero(graph.target == np.argmax(graph.nodes[:, 0]))
    (back,) = np.flatnonzero(graph.target == np.argmin(graph.nodes[:, 0]))
    assert graph.shapes.bends(there)[:, 0].tolist() == pytest.approx([25.0005, 25.001])
    assert graph.shapes.bends(back)[:, 0].tolist() == pytest.approx([25.001, 25.0005])


def test_a_one_way_road_is_one_edge_and_minus_one_turns_it(tmp_path: Path) -> None:
    ring = [([1, 2], {**ROAD, "oneway": "yes"}), ([3, 2], {**ROAD, "oneway": "-1"})]
    graph = built(tmp_path, SPOTS, [*ring, ([3, 1], ROAD)]).roads.graph
    assert named_edges(graph) == {(1, 2), (2, 3), (3, 1), (1, 3)}


def test_only_what_reaches_and_is_reached_is_kept(tmp_path: Path) -> None:
    dead_end = ([2, 5], {**ROAD, "oneway": "yes"})
    made = built(tmp_path, SPOTS, [([1, 2, 3], ROAD), dead_end])
    assert named_edges(made.roads.graph) == {(1, 2), (2, 1), (2, 3), (3, 2)}
    assert made.left_out == 1


def test_a_bollard_cuts_a_road_and_a_gate_does_not(tmp_path: Path) -> None:
    ways = [([1, 2, 3], ROAD), ([3, 4, 1], {"highway": "service"})]
    for barrier, open_ in (("bollard", False), ("gate", True)):
        made = built(tmp_path, SPOTS, ways, {2: {"barrier": barrier}})
        graph = made.roads.graph
        node = [int(np.argmin(haversine_m(graph.nodes, np.array(SPOTS[id_])))) for id_ in (1, 3)]
        direct_m = sum(
            float(haversine_m(np.array(SPOTS[a]), np.array(SPOTS[b])))
            for a, b in pairwise((1, 2, 3))
        )
        ms = tree_ms(*graph.edges, node[0])[node[1]]
        direct_ms = direct_m / (25 / 3.6) * 1000
        assert bool(abs(ms - direct_ms) < 2) is open_
        on_bollard = (haversine_m(graph.nodes, np.array(SPOTS[2])) < 1).sum()
        assert on_bollard == (0 if open_ else 2)


def test_a_long_road_without_junctions_has_a_node_every_stretch(tmp_path: Path) -> None:
    desert = {1: (25.0, 60.0), 2: (25.1, 60.0)}
    graph = built(tmp_path, desert, [([1, 2], ROAD)]).roads.graph
    length_m = haversine_m(graph.nodes[graph.sources()], graph.nodes[graph.target])
    assert length_m.max() <= STRETCH_M + 1e-6
    assert length_m.min() > STRETCH_M / 2
    whole_s = float(haversine_m(np.array(desert[1]), np.array(desert[2]))) / (25 / 3.6)
    ends = positions([desert[1], desert[2]])
    assert Trees(graph).matrix(ends[:1], ends[1:]).seconds[0, 0] == pytest.approx(whole_s, abs=1)


def test_a_ferry_takes_as_long_as_the_map_says_and_has_no_node_at_sea(tmp_path: Path) -> None:
    spots = {1: (25.0, 60.0), 2: (25.05, 60.0), 3: (25.1, 60.0), 4: (25.101, 60.0), 5: (24.99, 60)}
    ferry = ([1, 2, 3], {"route": "ferry", "motor_vehicle": "yes", "duration": "0:30"})
    graph = built(tmp_path, spots, [([5, 1], ROAD), ferry, ([3, 4], ROAD)]).roads.graph
    at_sea = (graph.nodes[:, 0] > 25.0001) & (graph.nodes[:, 0] < 25.0999)
    assert not at_sea.any()
    assert 1_800_000 in graph.time_ms.tolist()


def test_a_road_whose_nodes_are_not_all_in_the_extract_ends_there(tmp_path: Path) -> None:
    made = built(tmp_path, SPOTS, [([1, 2, 3, 99, 4], ROAD), ([4, 1], ROAD)])
    assert named_edges(made.roads.graph) == {(1, 3), (3, 1), (1, 4), (4, 1)}
    assert made.missing == 1


def test_main_roads_are_drawn_and_the_map_s_makers_named(tmp_path: Path) -> None:
    trunk = {"highway": "trunk", "ref": "E 18"}
    made = built(tmp_path, SPOTS, [([1, 2], trunk), ([2, 3], trunk), ([3, 4, 1], ROAD)])
    ((road,), (source,)) = made.roads.corridors, made.roads.sources
    assert (road.road, road.kind, len(road.at)) == ("E 18", "highway", 3)
    assert "OpenStreetMap contributors" in source.source
    assert source.licence.startswith("ODbL")


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("empty.osm.pbf", b"", "damaged"),
        ("text.osm.pbf", b"id,name\n1,a\n" * 50, "damaged"),
        ("table.csv", b"id,name\n", "no OpenStreetMap extract"),
        ("bare.osm", b'<osm version="0.6"></osm>', "no road"),
        ("half.osm", b'<osm version="0.6"><node id="1" ', "damaged"),
    ],
)
def test_a_file_without_roads_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: bytes, word: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadExtract, match=word) as refusal:
        build_from_extract(path)
    assert name in str(refusal.value)


def test_a_file_cut_short_is_refused(helsinki: Path, tmp_path: Path) -> None:
    path = tmp_path / "half.osm.pbf"
    path.write_bytes(helsinki.read_bytes()[:300_000])
    with pytest.raises(BadExtract, match="damaged"):
        build_from_extract(path)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        build_from_extract(tmp_path / "none.osm.pbf")


def test_more_roads_than_memory_are_refused_before_their_nodes_are_read(tmp_path: Path) -> None:
    stages = []
    with pytest.raises(NotEnoughMemory, match="smaller extract"):
        build_from_extract(
            osm_file(tmp_path, SPOTS, [SQUARE]),
            tell=lambda stage, _done: stages.append(stage),
            most_bytes=1_000_000,
        )
    assert set(stages) == {"ways"}


def test_a_road_file_reads_as_it_was_written(helsinki_roads: Built, tmp_path: Path) -> None:
    write_roads(tmp_path / "roads.npz", helsinki_roads.roads)
    assert (tmp_path / "roads.npz").stat().st_mode & 0o777 == 0o644
    again, first = read_roads(tmp_path / "roads.npz"), helsinki_roads.roads
    assert again.graph.version == first.graph.version
    assert again.graph.note == first.graph.note
    assert again.sources == first.sources
    assert [c.at.tolist() for c in again.corridors] == [c.at.tolist() for c in first.corridors]
    assert all(
        np.array_equal(again.graph.shapes.bends(edge), first.graph.shapes.bends(edge))
        for edge in range(0, len(first.graph.target), 50)
    )


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half", b"text"])
def test_a_damaged_road_file_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "roads.npz"
    path.write_bytes(content)
    with pytest.raises(BadRoadFile, match="caretower region build"):
        read_roads(path)


def test_the_extract_gives_the_same_times_as_a_graph_with_every_node(
    helsinki: Path, helsinki_roads: Built
) -> None:
    net, spots = every_node_graph(helsinki)
    graph = helsinki_roads.roads.graph
    parts = rustworkx.strongly_connected_components(net)
    largest = set(max(parts, key=len))
    key = [(round(lon, 7), round(lat, 7)) for lon, lat in graph.nodes.tolist()]
    shared = [node for node in range(len(graph.nodes)) if key[node] in spots]
    assert len(shared) > 0.8 * len(graph.nodes)
    assert all(spots[key[node]] in largest for node in shared)
    for root in shared[::40]:
        times = rustworkx.dijkstra_shortest_path_lengths(net, spots[key[root]], float)
        ours_s = tree_ms(*graph.edges, root) / 1000
        theirs_s = np.array([times[spots[key[node]]] for node in shared if node != root])
        got_s = np.array([ours_s[node] for node in shared if node != root])
        # Every edge is rounded to a millisecond; no way here has more than 300 of them.
        assert np.abs(got_s - theirs_s).max() < 0.15


def towns(seed: int) -> tuple[dict[int, Spot], list[tuple[list[int], dict[str, str]]]]:
    """Streets at random over 25 nodes of 3 km², with one-ways, bollard-free, of several classes."""
    rng = np.random.default_rng(seed)
    spots = {
        id_: (float(lon), float(lat))
        for id_, (lon, lat) in enumerate(rng.uniform((25, 60), (25.03, 60.015), (25, 2)), start=1)
    }
    ways = []
    for _ in range(int(rng.integers(5, 20))):
        refs = rng.integers(1, 26, int(rng.integers(2, 7))).tolist()
        oneway = rng.choice(["no", "yes", "-1"], p=[0.7, 0.2, 0.1])
        kind = rng.choice(["residential", "primary", "service"])
        ways.append((refs, {"highway": str(kind), "oneway": str(oneway)}))
    return spots, ways


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_any_streets_give_the_times_of_the_graph_with_every_node(seed: int) -> None:
    spots, ways = towns(seed)
    with TemporaryDirectory() as folder:
        path = osm_file(Path(folder), spots, ways)
        net, numbers = every_node_graph(path)
        largest = max(rustworkx.strongly_connected_components(net), key=len)
        if len(largest) < 2:
            return
        graph = build_from_extract(path).roads.graph
    key = [(round(lon, 7), round(lat, 7)) for lon, lat in graph.nodes.tolist()]
    shared = [node for node in range(len(graph.nodes)) if key[node] in numbers]
    for root in shared:
        times = rustworkx.dijkstra_shortest_path_lengths(net, numbers[key[root]], float)
        ours_ms = tree_ms(*graph.edges, root)
        for node in shared:
            if node != root:
                assert ours_ms[node] / 1000 == pytest.approx(times[numbers[key[node]]], abs=0.2)
