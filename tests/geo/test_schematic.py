import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geo.places import Places
from geo.points import positions
from geo.roads import RoadGraph
from geo.schematic import BadPlan, build_roads, read_plan
from geo.trees import Trees

PLAN = """
[class.freeway]
kmh = 120
winding = 1.0
[class.street]
kmh = 36
winding = 1.2
[class.access]
kmh = 60
winding = 1.2
[streets]
spacing_m = 600
people_per_km2 = 1000
least_radius_m = 1500
[points]
"West" = [-112.0, 40.0]
"East" = [-111.0, 40.0]
[[corridor]]
road = "I-1"
class = "freeway"
via = ["West", "East"]
"""


def towns(*at: tuple[float, float], population: int = 20_000) -> Places:
    count = len(at)
    return Places(
        ids=tuple(map(str, range(count))),
        names=("Town",) * count,
        at=positions(at),
        population=np.full(count, population),
    )


def parts(graph: RoadGraph) -> int:
    size = len(graph.nodes)
    net = csr_array((graph.time_ms, graph.target, graph.first), shape=(size, size))
    return int(connected_components(net, directed=True, connection="strong")[0])


def test_everything_hangs_together_even_a_remote_place() -> None:
    graph = build_roads(read_plan(PLAN.encode()), towns((-112.0, 40.01), (-111.5, 41.0)))
    assert parts(graph) == 1
    assert graph.note == "schematic"


def test_a_corridor_is_driven_at_its_speed() -> None:
    graph = build_roads(read_plan(PLAN.encode()), towns((-112.0, 40.0)))
    seconds = Trees(graph).matrix(positions([(-112.0, 40.0)]), positions([(-111.0, 40.0)])).seconds
    # One degree of longitude at 40° north is 85.18 km.
    assert seconds[0, 0] == pytest.approx(85_180 / (120 / 3.6), rel=0.003)


def test_a_freeway_is_not_entered_between_its_named_points() -> None:
    alone = build_roads(read_plan(PLAN.encode()), towns((-112.0, 40.0)))
    beside = build_roads(read_plan(PLAN.encode()), towns((-112.0, 40.0), (-111.5, 40.005)))
    freeway = np.flatnonzero(np.abs(beside.nodes[:, 1] - 40.0) < 1e-9)
    degree = np.diff(beside.first)
    inner = [n for n in freeway if -111.99 < beside.nodes[n, 0] < -111.01 and degree[n] > 2]
    assert len(beside.nodes) > len(alone.nodes)
    assert inner == []


def test_the_same_plan_gives_the_same_roads() -> None:
    one, two = (
        build_roads(read_plan(PLAN.encode()), towns((-112.0, 40.01), (-111.5, 40.2)))
        for _ in range(2)
    )
    assert one.version == two.version


def test_a_larger_town_has_a_wider_street_net() -> None:
    plan = read_plan(PLAN.encode())
    small = build_roads(plan, towns((-112.0, 40.0), population=1_000))
    large = build_roads(plan, towns((-112.0, 40.0), population=100_000))
    assert len(large.nodes) > 5 * (len(small.nodes) - 57)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('via = ["West", "East"]', 'via = ["West", "North"]'),
        ('class = "freeway"', 'class = "canal"'),
        ("[class.street]", "[class.lane]"),
        ("kmh = 120", 'kmh = "fast"'),
        ("[[corridor]]", "[[corridor]"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(old: str, new: str) -> None:
    with pytest.raises(BadPlan):
        read_plan(PLAN.replace(old, new).encode())
