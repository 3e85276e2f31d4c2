"""Little OpenStreetMap files for tests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

Spot = tuple[float, float]
Way = tuple[Sequence[int], Mapping[str, str]]


def osm_file(
    folder: Path,
    spots: Mapping[int, Spot],
    ways: Sequence[Way],
    node_tags: Mapping[int, Mapping[str, str]] | None = None,
) -> Path:
    """Write nodes at (lon, lat) and ways along them as OpenStreetMap XML."""
    lines = ['<osm version="0.6">']
    for id_, (lon, lat) in sorted(spots.items()):
        lines.append(f'<node id="{id_}" version="1" lon="{lon:.7f}" lat="{lat:.7f}">')
        lines += _tags((node_tags or {}).get(id_, {}))
        lines.append("</node>")
    for id_, (refs, tags) in enumerate(ways, start=1):
        lines.append(f'<way id="{id_}" version="1">')
        lines += [f'<nd ref="{ref}"/>' for ref in refs]
        lines += _tags(tags)
        lines.append("</way>")
    path = folder / "little.osm"
    path.write_text("\n".join([*lines, "</osm>"]))
    return path


def _tags(tags: Mapping[str, str]) -> list[str]:
    return [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]
