"""Where units are, point by point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from registry import laws
from registry.gps import Fix, PositionLimits, Verdict, judge
from registry.model.world import World
from registry.port import ANYWHERE, MAX_BATCH, MAX_FUTURE_MS, PositionVerdict, UnitPosition
from registry.states import Team, Van


class Positions(World):
    """Positions as they are reported, each with its verdict."""

    async def report_positions(
        self, points: Sequence[UnitPosition], source: str, limits: PositionLimits = ANYWHERE
    ) -> list[PositionVerdict]:
        """See `Registry.report_positions`."""
        laws.check_id(source)
        verdicts: list[PositionVerdict] = []
        for start in range(0, len(points), MAX_BATCH):
            verdicts += self._move(points[start : start + MAX_BATCH], source, limits)
        return verdicts

    async def position_counts(self) -> dict[tuple[str, Verdict], int]:
        """See `Registry.position_counts`."""
        return dict(self._gps_counts)

    def _move(
        self, points: Sequence[UnitPosition], source: str, limits: PositionLimits
    ) -> list[PositionVerdict]:
        verdicts, moved = [], []
        for point in points:
            accuracy_m = laws.whole_metres(point.accuracy_m)
            fix = Fix(laws.rounded(point.lon), laws.rounded(point.lat), point.at_ms, accuracy_m)
            verdict = self._judge(point, fix, limits)
            verdicts.append(PositionVerdict(point.kind, point.id, verdict))
            if verdict == "taken":
                unit = cast("Team | Van", self._states[point.kind, point.id])
                self._states[point.kind, point.id] = replace(
                    unit,
                    lon=fix.lon,
                    lat=fix.lat,
                    position_ms=fix.at_ms,
                    accuracy_m=accuracy_m,
                )
                moved.append([point.kind, point.id, fix.lon, fix.lat, fix.at_ms, accuracy_m])
            if verdict == "jump":
                self._doubtful[point.kind, point.id] = fix
        counts = Counter(one.verdict for one in verdicts)
        for verdict, count in counts.items():
            self._gps_counts[source, verdict] += count
        if moved or counts["late"]:
            body = {"moved": moved, "late": counts["late"], "source": source}
            self._emit("unit.moved", {}, body)
        return verdicts

    def _judge(self, point: UnitPosition, fix: Fix, limits: PositionLimits) -> Verdict:
        if not laws.sound(point):
            return "invalid"
        key = (point.kind, point.id)
        unit = cast("Team | Van | None", self._states.get(key))
        if unit is None:
            return "unknown"
        now = self._clock()
        if point.at_ms > now + MAX_FUTURE_MS:
            return "future"
        last = Fix(unit.lon, unit.lat, unit.position_ms) if unit.position_ms else None
        return judge(fix, last, self._doubtful.get(key), limits, now)
