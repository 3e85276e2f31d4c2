"""Promises: the rows of the record, applied in the order of their version."""

from __future__ import annotations

import msgspec

from registry import laws
from registry.port import (
    ROW_MEMORY_S,
    Applied,
    Contradicted,
    Displaced,
    OutOfOrder,
    Position,
    Promise,
)
from registry.server.asking import Asking


class Promises(Asking):
    """A promise's effects take place as one, and displace foreign holds."""

    async def apply(self, promise: Promise) -> Applied | OutOfOrder | Contradicted:
        """See `Registry.apply`."""
        laws.check_promise(promise)
        command = {
            "row_id": promise.row_id,
            "aggregate": promise.aggregate,
            "id": promise.aggregate_id,
            "version": promise.version,
            "kind": promise.kind,
            "effects": promise.effects,
            "memory_ms": ROW_MEMORY_S * 1000,
            "resumes": promise.resumes,
        }
        texts = (msgspec.json.encode(promise.card), msgspec.json.encode(promise.body))
        return (await self._ask("apply", command, _ApplyAnswer, None, *texts)).answer()


class _ApplyAnswer(msgspec.Struct, frozen=True):
    applied: Position | None = None
    already: bool = False
    displaced: tuple[tuple[str, str, str], ...] = ()
    expected: int = 0
    unknown: tuple[str, str] | None = None

    def answer(self) -> Applied | OutOfOrder | Contradicted:
        if self.unknown is not None:
            return Contradicted(*self.unknown, "unknown")
        if self.applied is None:
            return OutOfOrder(self.expected)
        return Applied(self.applied, self.already, tuple(Displaced(*one) for one in self.displaced))
