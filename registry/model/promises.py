"""Promises: the rows of the record, applied in the order of their version."""

from __future__ import annotations

from typing import cast

from msgspec.structs import replace

from registry import laws
from registry.model.holds import Holds
from registry.model.resources import Resources
from registry.model.world import Key, Row
from registry.port import (
    Applied,
    Claim,
    Contradicted,
    Displaced,
    Effect,
    Free,
    Occupy,
    OutOfOrder,
    Position,
    Promise,
    Status,
)
from registry.states import Hold, Kind, Pool, Slot, State, Team, Van


class Promises(Holds, Resources):
    """A promise's effects take place as one, and displace foreign holds."""

    async def apply(self, promise: Promise) -> Applied | OutOfOrder | Contradicted:
        """See `Registry.apply`."""
        laws.check_promise(promise)
        key = (promise.aggregate, promise.aggregate_id)
        last = self._rows.get(key)
        done = last.version if last else promise.version - 1 if promise.resumes else 0
        if last and promise.version <= done:
            return Applied(last.position, already=True)
        if promise.version != done + 1:
            return OutOfOrder(done + 1)
        for effect in promise.effects:
            named = _must_exist(effect)
            if named and named not in self._states:
                return Contradicted(*named, "unknown")
        touched: dict[Key, State | None] = {}
        displaced: list[Displaced] = []
        for effect in promise.effects:
            self._effect(effect, promise.row_id, touched, displaced)
        position = self._commit_promise(promise, touched, displaced)
        self._rows[key] = Row(promise.version, position)
        return Applied(position, already=False, displaced=tuple(displaced))

    def _commit_promise(
        self, promise: Promise, touched: dict[Key, State | None], displaced: list[Displaced]
    ) -> Position:
        key = (promise.aggregate, promise.aggregate_id)
        self._closed_rows.pop(key, None)
        if promise.card is None:
            self._cards.pop(key, None)
            self._closed_rows[key] = self._clock()
        else:
            self._cards[key] = promise.card
        body = {
            "row": promise.row_id,
            "aggregate": promise.aggregate,
            "aggregate_id": promise.aggregate_id,
            "version": promise.version,
            "displaced": [[one.hold, one.request, one.by] for one in displaced],
            "body": promise.body,
        }
        return self._emit(f"promise.{promise.kind}", touched, body, card=(*key, promise.card))

    def _effect(
        self,
        effect: Effect,
        row_id: str,
        touched: dict[Key, State | None],
        displaced: list[Displaced],
    ) -> None:
        if isinstance(effect, Claim):
            own = self._hold_of.get(effect.request)
            if own is not None:
                self._drop(own, touched)
            self._claim(effect, row_id, touched, displaced)
        elif isinstance(effect, Occupy):
            self._occupy(effect, touched)
        elif isinstance(effect, Free):
            self._free(effect, touched)
        elif isinstance(effect, Status):
            key = (effect.kind, effect.id)
            unit = touched.get(key, self._states.get(key))
            if unit is not None:
                touched[key] = self._with_status(cast("Team | Van", unit), effect.status)
        elif (Kind.HOLD, effect.hold) in self._states.keys() - touched.keys():
            self._drop(effect.hold, touched)

    def _claim(
        self,
        effect: Claim,
        row_id: str,
        touched: dict[Key, State | None],
        displaced: list[Displaced],
    ) -> None:
        key = (effect.kind, effect.id)
        claims = self._claims_on(*key)
        state = touched.get(key, self._states[key])
        if isinstance(state, Team | Van):
            if row_id < claims.row:
                return
            claims.row = row_id
            if state.hold is not None:
                displaced.append(_displaced(self._drop(state.hold, touched)))
                state = cast("Team | Van", touched[key])
            touched[key] = replace(state, request=effect.request)
            return
        if effect.request in claims.requests:
            return
        claims.requests.add(effect.request)
        if isinstance(state, Pool):
            state = laws.recount_pool(replace(state, reserved=state.reserved + 1))
            lacking = state.deficit > 0
        else:
            slot = cast("Slot", state)
            state = laws.recount_slot(replace(slot, booked=slot.booked + 1))
            lacking = state.held + state.booked > state.capacity
        touched[key] = state
        if lacking and claims.holds:
            displaced.append(_displaced(self._drop(max(claims.holds), touched)))

    def _occupy(self, effect: Occupy, touched: dict[Key, State | None]) -> None:
        key = (Kind.POOL, effect.pool)
        pool = cast("Pool", touched.get(key, self._states[key]))
        claims = self._claims_on(*key)
        ours = effect.request in claims.requests
        claims.requests.discard(effect.request)
        touched[key] = laws.recount_pool(
            replace(pool, reserved=pool.reserved - ours, occupied=pool.occupied + 1)
        )

    def _free(self, effect: Free, touched: dict[Key, State | None]) -> None:
        key = (effect.kind, effect.id)
        state = touched.get(key, self._states.get(key))
        if isinstance(state, Team | Van):
            if state.request == effect.request:
                touched[key] = replace(state, request=None)
            return
        claims = self._claims_on(*key)
        if state is None or effect.request not in claims.requests:
            return
        claims.requests.discard(effect.request)
        if isinstance(state, Pool):
            touched[key] = laws.recount_pool(replace(state, reserved=state.reserved - 1))
        elif isinstance(state, Slot):
            touched[key] = laws.recount_slot(replace(state, booked=state.booked - 1))


def _must_exist(effect: Effect) -> Key | None:
    if isinstance(effect, Claim):
        return (effect.kind, effect.id)
    return (Kind.POOL, effect.pool) if isinstance(effect, Occupy) else None


def _displaced(hold: Hold) -> Displaced:
    return Displaced(hold.id, hold.request, hold.by)
