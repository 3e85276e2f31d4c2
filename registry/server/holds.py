"""Holds: every part of one, or none."""

from __future__ import annotations

from typing import cast

import msgspec

from registry import laws
from registry.port import Granted, HoldCommand, Position, Reason, Refused
from registry.server.asking import Asking
from registry.states import Hold

_SWEEP_LIMIT = 200


class Holds(Asking):
    """A hold is granted, extended, released, or expires."""

    async def hold(self, command: HoldCommand) -> Granted | Refused:
        """See `Registry.hold`."""
        laws.check_hold(command)
        told = await self._ask(
            "hold",
            {
                "id": command.hold_id,
                "request": command.request,
                "by": command.by,
                "ttl_ms": command.ttl_s * 1000,
                "resources": laws.held_by(command),
                "seen": {f"{kind}:{id}": seen for (kind, id), seen in command.seen.items()},
            },
            _HoldAnswer,
            command.hold_id,
        )
        return told.answer()

    async def extend(self, hold: str, ttl_s: int, command_id: str) -> Granted | Refused:
        """See `Registry.extend`."""
        laws.check_ttl(ttl_s)
        command = {"hold": hold, "ttl_ms": ttl_s * 1000}
        return (await self._ask("extend", command, _HoldAnswer, command_id)).answer()

    async def release(self, hold: str, command_id: str) -> bool:
        """See `Registry.release`."""
        return await self._ask("release", {"hold": hold}, bool, command_id)

    async def sweep(self) -> list[str]:
        """See `Registry.sweep`."""
        expired: list[str] = []
        more = True
        while more:
            told = await self._ask("sweep", {"limit": _SWEEP_LIMIT}, _SweepAnswer)
            expired += told.expired
            more = told.more
        return expired


class _HoldAnswer(msgspec.Struct, frozen=True):
    hold: Hold | None = None
    position: Position | None = None
    refused: tuple[str, str, Reason] | None = None

    def answer(self) -> Granted | Refused:
        if self.hold and self.position:
            return Granted(self.hold, self.position)
        return Refused(*cast("tuple[str, str, Reason]", self.refused))


class _SweepAnswer(msgspec.Struct, frozen=True):
    expired: list[str]
    more: bool
