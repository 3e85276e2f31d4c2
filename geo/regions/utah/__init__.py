"""Utah, the demonstration region: real zones, places and ZIP points, a schematic road network."""

from geo.regions.utah.build import build, fingerprint

__all__ = ["build", "fingerprint"]
