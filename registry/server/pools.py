"""What facilities say of their beds."""

from __future__ import annotations

from msgspec.structs import asdict

from registry import laws
from registry.port import MAX_COUNT, Counted, Counts
from registry.server.asking import Asking, without_none
from registry.states import Pool


class Pools(Asking):
    """Counts, walk-ins, confirmations and pauses."""

    async def report_counts(
        self, pool: str, counts: Counts, at_ms: int, command_id: str
    ) -> Counted:
        """See `Registry.report_counts`."""
        laws.check_counts(counts, at_ms)
        command = without_none({"pool": pool, "at_ms": at_ms, **asdict(counts)})
        return await self._ask("counts", command, Counted, command_id)

    async def walk_in(self, pool: str, command_id: str) -> Counted:
        """See `Registry.walk_in`."""
        command = {"pool": pool, "walk_in": True, "max_count": MAX_COUNT}
        return await self._ask("counts", command, Counted, command_id)

    async def still_true(self, pool: str, command_id: str) -> Pool:
        """See `Registry.still_true`."""
        return await self._ask("confirm", {"pool": pool}, Pool, command_id)

    async def not_true(self, pool: str, withdrawn_ms: int, former_ms: int, command_id: str) -> Pool:
        """See `Registry.not_true`."""
        laws.check_time("withdrawn_ms", withdrawn_ms)
        laws.check_time("former_ms", former_ms)
        command = {"pool": pool, "withdrawn_ms": withdrawn_ms, "former_ms": former_ms}
        return await self._ask("confirm", command, Pool, command_id)

    async def pause(self, pool: str, reason: str, until_ms: int | None, command_id: str) -> Pool:
        """See `Registry.pause`."""
        laws.check_time("until_ms", until_ms)
        command = {"pool": pool, "paused": True, "reason": reason, "until_ms": until_ms}
        return await self._ask("pause", without_none(command), Pool, command_id)

    async def resume(self, pool: str, command_id: str) -> Pool:
        """See `Registry.resume`."""
        return await self._ask("pause", {"pool": pool, "paused": False}, Pool, command_id)
