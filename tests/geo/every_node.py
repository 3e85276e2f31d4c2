"""A second, plain builder of roads from an extract, to compare with: every node is a node.

It shares nothing with the one under test but pyosmium's reading: its own few rules for the tags
that stand in the test's extract, one edge for each piece of road, times as floats, rustworkx for
the paths. Slow, and simple enough to be seen to be right.
"""

from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import TypeAlias

import osmium
import rustworkx

Spot: TypeAlias = tuple[float, float]

SPEED_KMH = {
    "primary": 65,
    "primary_link": 30,
    "secondary": 55,
    "tertiary": 40,
    "tertiary_link": 20,
    "unclassified": 25,
    "residential": 25,
    "service": 15,
    "pedestrian": 10,
}
LETS_IN = {"yes", "permissive", "designated", "destination"}
CLOSED_POINTS = {"bollard", "block", "fence"}
SURFACE_KMH = {"sett": 40, "cobblestone": 30, "paving_stones": 60, "gravel": 40, "unpaved": 40}
SURFACE_KMH |= {"compacted": 80, "fine_gravel": 80, "pebblestone": 40, "wood": 40, "metal": 60}
SURFACE_KMH |= {"ground": 40, "dirt": 40, "grass": 40}
SMOOTH_KMH = {"intermediate": 80, "bad": 40, "very_bad": 20}
KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")


def every_node_graph(
    extract: Path,
) -> tuple["rustworkx.PyDiGraph[Spot, float]", dict[Spot, int]]:
    """Seconds on every piece of road; and the number of each (lon, lat), rounded to 1e-7."""
    where, closed = _nodes(extract)
    net: rustworkx.PyDiGraph[Spot, float] = rustworkx.PyDiGraph()
    number: dict[int, int] = {}

    def at(ref: int) -> int:
        if ref in closed:
            return net.add_node(where[ref])
        if ref not in number:
            number[ref] = net.add_node(where[ref])
        return number[ref]

    for way in osmium.FileProcessor(extract, osmium.osm.WAY):
        there_m_s, back_m_s = _speeds_m_s(dict(way.tags))
        for a, b in pairwise(node.ref for node in way.nodes):
            if (there_m_s or back_m_s) and a in where and b in where:
                length_m = _metres(where[a], where[b])
                first, second = at(a), at(b)
                if there_m_s:
                    net.add_edge(first, second, length_m / there_m_s)
                if back_m_s:
                    net.add_edge(second, first, length_m / back_m_s)
    spots = {(round(where[r][0], 7), round(where[r][1], 7)): n for r, n in number.items()}
    return net, spots


def _nodes(extract: Path) -> tuple[dict[int, Spot], set[int]]:
    """Where every node is, and which of them let no car through."""
    where: dict[int, Spot] = {}
    closed: set[int] = set()
    for node in osmium.FileProcessor(extract, osmium.osm.NODE):
        where[node.id] = (node.location.lon, node.location.lat)
        said = next((node.tags[key] for key in KEYS if key in node.tags), None)
        barrier = node.tags.get("barrier")
        if barrier and (said not in LETS_IN if said else barrier in CLOSED_POINTS):
            closed.add(node.id)
    return where, closed


def _speeds_m_s(tags: dict[str, str]) -> tuple[float, float]:
    """Along the way and against it; 0 is closed."""
    kmh = SPEED_KMH.get(tags.get("highway", ""))
    if tags.get("route") == "ferry":
        kmh = 5
    must_be_asked = tags.get("highway") == "pedestrian" or tags.get("route") == "ferry"
    said = next((tags[key] for key in KEYS if key in tags), "no" if must_be_asked else "yes")
    if kmh is None or tags.get("area") == "yes" or "construction" in tags or said not in LETS_IN:
        return 0, 0
    one_way = tags.get("oneway:motor_vehicle") or tags.get("oneway")
    along = one_way != "-1" and tags.get("motor_vehicle:forward") != "no"
    against = one_way != "yes" and tags.get("junction") != "roundabout"
    return along * _m_s(tags, "forward", kmh), against * _m_s(tags, "backward", kmh)


def _m_s(tags: dict[str, str], direction: str, kmh: float) -> float:
    limit = tags.get(f"maxspeed:{direction}") or tags.get("maxspeed")
    kmh = float(limit) * 0.8 if limit else kmh
    for key, most in (("surface", SURFACE_KMH), ("smoothness", SMOOTH_KMH)):
        kmh = min(kmh, most.get(tags.get(key, ""), kmh))
    return kmh / 3.6


def _metres(a: Spot, b: Spot) -> float:
    lon_a, lat_a, lon_b, lat_b = map(radians, (*a, *b))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6_371_008.8 * asin(sqrt(half))
