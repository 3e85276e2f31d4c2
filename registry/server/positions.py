"""Where units are, point by point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from registry import laws
from registry.gps import CODES, PositionLimits, Verdict
from registry.port import ANYWHERE, MAX_BATCH, MAX_FUTURE_MS, PositionVerdict, UnitPosition
from registry.server.asking import Asking
from registry.server.fixes import packed


class Positions(Asking):
    """Positions as they are reported, each with its verdict."""

    async def report_positions(
        self, points: Sequence[UnitPosition], source: str, limits: PositionLimits = ANYWHERE
    ) -> list[PositionVerdict]:
        """See `Registry.report_positions`."""
        laws.check_id(source)
        verdicts: list[PositionVerdict] = []
        for start in range(0, len(points), MAX_BATCH):
            batch = points[start : start + MAX_BATCH]
            moved, fixes = packed(batch)
            command = {
                "keys": [f"{point.kind}:{point.id}" for point in batch],
                "source": source,
                "future_ms": MAX_FUTURE_MS,
                "limits": limits,
            }
            codes = await self._ask("positions", command, str, None, moved, fixes)
            verdicts += [
                PositionVerdict(point.kind, point.id, CODES[code])
                for point, code in zip(batch, codes, strict=True)
            ]
        return verdicts

    async def position_counts(self) -> dict[tuple[str, Verdict], int]:
        """See `Registry.position_counts`."""
        async with self._reaching():
            raw = cast("dict[bytes, bytes]", await self._redis.hgetall(self._key("gps_counts")))
        told = {name.decode().rpartition(" "): int(count) for name, count in raw.items()}
        return {(source, CODES[code]): count for (source, _, code), count in told.items()}
