"""Holds: every part of one, or none."""

from __future__ import annotations

from typing import cast

from msgspec.structs import replace

from registry import laws
from registry.model.world import Key, World
from registry.port import Granted, HoldCommand, Refused
from registry.states import Hold, Kind, Pool, Resource, Slot, State, Team, Van


class Holds(World):
    """A hold is granted, extended or released."""

    async def hold(self, command: HoldCommand) -> Granted | Refused:
        """See `Registry.hold`."""
        laws.check_hold(command)
        return self._once(command.hold_id, None, lambda: self._hold(command))

    def _hold(self, command: HoldCommand) -> Granted | Refused:
        if (Kind.HOLD, command.hold_id) in self._states:
            return Granted(self._held(command.hold_id), self._position)
        if command.request in self._hold_of:
            return Refused(Kind.HOLD, self._hold_of[command.request], "request_has_hold")
        for kind, id in laws.held_by(command):
            state = self._states.get((kind, id))
            reason = laws.why_not(cast("Resource", state)) if state else "unknown"
            seen = command.seen.get((kind, id))
            if state and reason is None and seen is not None and seen != state.version:
                reason = "version_changed"
            if reason is not None:
                return Refused(kind, id, reason)
        now = self._clock()
        hold = Hold(
            id=command.hold_id,
            request=command.request,
            team=command.team,
            van=command.van,
            pool=command.pool,
            slot=command.slot,
            expires_ms=now + command.ttl_s * 1000,
            by=command.by,
            changed_ms=now,
            updated_ms=now,
            confirmed_ms=now,
        )
        touched: dict[Key, State | None] = {(Kind.HOLD, hold.id): hold}
        for key in laws.held_by(hold):
            touched[key] = self._claimed_by_hold(key, hold.id)
        self._hold_of[hold.request] = hold.id
        position = self._emit("hold.granted", touched, {"hold": hold.id, "request": hold.request})
        return Granted(self._held(hold.id), position)

    def _claimed_by_hold(self, key: Key, hold: str) -> State:
        state = self._states[key]
        if isinstance(state, Pool):
            self._claims_on(*key).holds.add(hold)
            return laws.recount_pool(replace(state, held=state.held + 1))
        if isinstance(state, Slot):
            self._claims_on(*key).holds.add(hold)
            return laws.recount_slot(replace(state, held=state.held + 1))
        return replace(cast("Team | Van", state), hold=hold)

    async def extend(self, hold: str, ttl_s: int, command_id: str) -> Granted | Refused:
        """See `Registry.extend`."""
        laws.check_ttl(ttl_s)

        def change() -> Granted | Refused:
            if (Kind.HOLD, hold) not in self._states:
                return Refused(Kind.HOLD, hold, "ended")
            now = self._clock()
            longer = replace(self._held(hold), expires_ms=now + ttl_s * 1000, updated_ms=now)
            body = {"hold": hold, "request": longer.request}
            position = self._emit("hold.extended", {(Kind.HOLD, hold): longer}, body)
            return Granted(self._held(hold), position)

        return self._once(command_id, None, change)

    async def release(self, hold: str, command_id: str) -> bool:
        """See `Registry.release`."""

        def change() -> bool:
            if (Kind.HOLD, hold) not in self._states:
                return False
            self._end_hold("hold.released", hold)
            return True

        return self._once(command_id, ("release", hold), change)

    def _end_hold(self, event: str, hold: str) -> None:
        touched: dict[Key, State | None] = {}
        ended = self._drop(hold, touched)
        self._emit(event, touched, {"hold": hold, "request": ended.request})

    def _drop(self, hold: str, touched: dict[Key, State | None]) -> Hold:
        """End a hold inside a change: `touched` gains what it gives back."""
        ended = self._held(hold)
        touched[Kind.HOLD, hold] = None
        del self._hold_of[ended.request]
        for key in laws.held_by(ended):
            state = touched.get(key, self._states[key])
            if isinstance(state, Pool):
                self._claims_on(*key).holds.discard(hold)
                touched[key] = laws.recount_pool(replace(state, held=state.held - 1))
            elif isinstance(state, Slot):
                self._claims_on(*key).holds.discard(hold)
                touched[key] = laws.recount_slot(replace(state, held=state.held - 1))
            else:
                touched[key] = replace(cast("Team | Van", state), hold=None)
        return ended
