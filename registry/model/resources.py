"""Teams, vans, pools and slots: defined, removed, and what a unit is doing."""

from __future__ import annotations

from typing import cast

from msgspec.structs import replace

from registry import laws
from registry.errors import InUse
from registry.model.world import World
from registry.port import Position
from registry.states import RESOURCES, UNITS, Pool, Resource, Slot, Team, UnitStatus, Van, kind_of


class Resources(World):
    """Definitions, and the status of units."""

    async def put(self, state: Resource, command_id: str) -> Resource:
        """See `Registry.put`."""
        laws.check_definition(state)

        def change() -> Resource:
            kind = kind_of(state)
            old = self._states.get((kind, state.id))
            now = self._clock()
            new = laws.redefine(cast("Resource | None", old), state)
            version = old.version if old else 0
            new = replace(
                new,
                version=version,
                changed_ms=now,
                updated_ms=old.updated_ms if old else now,
                confirmed_ms=old.confirmed_ms if old else now,
            )
            self._emit(f"{kind}.put", {(kind, state.id): new}, always=True)
            return self._resource(kind, state.id)

        return self._once(command_id, ("put", state), change)

    async def remove(self, kind: str, id: str, command_id: str) -> Position:
        """See `Registry.remove`."""
        laws.check_kind(kind, RESOURCES)

        def change() -> Position:
            state = self._resource(kind, id)
            if _in_use(state):
                raise InUse(kind, id)
            self._claims.pop((kind, id), None)
            self._doubtful.pop((kind, id), None)
            return self._emit(f"{kind}.removed", {(kind, id): None})

        return self._once(command_id, ("remove", kind, id), change)

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

        def change() -> Team | Van:
            unit = cast("Team | Van", self._resource(kind, id))
            self._emit("unit.status", {(kind, id): self._with_status(unit, status, reason)})
            return cast("Team | Van", self._resource(kind, id))

        return self._once(command_id, ("status", kind, id, status, reason), change)

    def _with_status(
        self, unit: Team | Van, status: UnitStatus, reason: str | None = None
    ) -> Team | Van:
        now = self._clock()
        return replace(unit, status=status, out_reason=reason, updated_ms=now, confirmed_ms=now)


def _in_use(state: Resource) -> bool:
    if isinstance(state, Pool):
        return state.held + state.reserved > 0
    if isinstance(state, Slot):
        return state.held + state.booked > 0
    return state.hold is not None or state.request is not None
