"""What time ends: holds, pauses, and the memory of closed promises."""

from __future__ import annotations

from msgspec.structs import replace

from registry.model.pools import RESUMED
from registry.model.promises import Promises
from registry.port import ROW_MEMORY_S
from registry.states import Hold, Kind, Pool


class Sweep(Promises):
    """Ends what is due, in the order in which it fell due."""

    async def sweep(self) -> list[str]:
        """See `Registry.sweep`."""
        now = self._clock()
        expired = []
        for due_ms, kind, id in sorted(self._due()):
            if due_ms > now:
                break
            if kind == Kind.HOLD:
                self._end_hold("hold.expired", id)
                expired.append(id)
            else:
                resumed = replace(self._pool(id), **RESUMED)
                self._emit("pool.resumed", {(Kind.POOL, id): resumed})
        for row, closed_ms in list(self._closed_rows.items()):
            if closed_ms + ROW_MEMORY_S * 1000 <= now:
                del self._closed_rows[row], self._rows[row]
        return expired

    def _due(self) -> list[tuple[int, str, str]]:
        due = []
        for (kind, id), state in self._states.items():
            if isinstance(state, Hold):
                due.append((state.expires_ms, kind, id))
            elif isinstance(state, Pool) and state.pause_until_ms is not None:
                due.append((state.pause_until_ms, kind, id))
        return due
