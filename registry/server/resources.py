"""Teams, vans, pools and slots: defined, removed, and what a unit is doing."""

from __future__ import annotations

from typing import cast

from registry import laws
from registry.port import Position
from registry.server.asking import Asking, without_none
from registry.states import (
    RESOURCES,
    STATE_TYPES,
    UNITS,
    Kind,
    Resource,
    Team,
    UnitStatus,
    Van,
    kind_of,
)

_KEEPS = {
    Kind.TEAM: laws.UNIT_LIVES,
    Kind.VAN: laws.UNIT_LIVES,
    Kind.POOL: laws.POOL_LIVES,
    Kind.SLOT: laws.SLOT_LIVES,
}


class Resources(Asking):
    """Definitions, and the status of units."""

    async def put(self, state: Resource, command_id: str) -> Resource:
        """See `Registry.put`."""
        laws.check_definition(state)
        kind = kind_of(state)
        command = {"kind": kind, "state": laws.redefine(None, state), "keeps": _KEEPS[kind]}
        return await self._ask("put", command, type(state), command_id)

    async def remove(self, kind: str, id: str, command_id: str) -> Position:
        """See `Registry.remove`."""
        laws.check_kind(kind, RESOURCES)
        return await self._ask("remove", {"kind": kind, "id": id}, Position, command_id)

    async def report_status(
        self,
        kind: str,
        id: str,
        status: UnitStatus,
        command_id: str,
        reason: str | None = None,
    ) -> Team | Van:
        """See `Registry.report_status`."""
        laws.check_kind(kind, UNITS)
        laws.check_out(status, reason)
        command = {"kind": kind, "id": id, "status": status, "reason": reason}
        unit = await self._ask("status", without_none(command), STATE_TYPES[kind], command_id)
        return cast("Team | Van", unit)
