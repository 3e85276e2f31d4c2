"""The service of closed and slow roads: each change is one promise, on record first."""

from dataclasses import dataclass
from typing import Any

from dispatch import closure_store
from dispatch import road_closure as pure
from dispatch.commands import LiftClosure, PutClosure
from dispatch.promise import Promises
from dispatch.road_closure import RoadClosure
from dispatch.scope import check_role
from dispatch.transitions import DESK
from dispatch.words import ClosureReason
from record import Actor
from record.actor import system
from record.journal import Transaction

KEEPER = system("keeper")


@dataclass(frozen=True, slots=True)
class ClosureReceipt:
    """The answer to a command about a closure: how it stands now."""

    closure: RoadClosure
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoadClosures:
    """Takes closures and slow-downs, and ends those that are over."""

    promises: Promises

    async def open(self) -> list[RoadClosure]:
        """Closures that have not ended, those to come included, the earliest first."""
        async with self.promises.journal.engine.connect() as connection:
            return await closure_store.open_closures(connection)

    async def put(self, actor: Actor, command: PutClosure) -> RoadClosure:
        """Close or slow roads, or change a closure that stands."""
        check_role(actor, DESK)

        async def work(tx: Transaction) -> ClosureReceipt:
            before = await closure_store.find(tx.connection, command.closure)
            wanted = RoadClosure(
                id=command.closure,
                version=1,
                area=command.area,
                slowdown=command.slowdown,
                reason=ClosureReason(command.reason),
                note=command.note,
                from_ms=tx.now_ms if command.from_ms is None else command.from_ms,
                until_ms=command.until_ms,
            )
            after = pure.followed_by(before, pure.checked(wanted, tx.now_ms))
            return await self._keep(tx, after, "put", new=before is None)

        purpose = f"closure_put:{command.closure}"
        return (await self.promises.once(actor, command, purpose, ClosureReceipt, work)).closure

    async def lift(self, actor: Actor, command: LiftClosure) -> RoadClosure:
        """The roads are open again."""
        check_role(actor, DESK)

        async def work(tx: Transaction) -> ClosureReceipt:
            before = await closure_store.load(tx.connection, command.closure)
            return await self._keep(tx, pure.ended(before, tx.now_ms), "lifted")

        purpose = f"closure_lift:{command.closure}"
        return (await self.promises.once(actor, command, purpose, ClosureReceipt, work)).closure

    async def tick(self, now_ms: int) -> int:
        """End every closure that is over, each once; answers how many."""
        async with self.promises.journal.engine.connect() as connection:
            over = await closure_store.over(connection, now_ms)
        return sum([await self._run_out(closure) for closure in over])

    async def _run_out(self, closure: str) -> bool:
        async with self.promises.transaction(KEEPER) as tx:
            before = await closure_store.load(tx.connection, closure)
            if before.ended_ms is not None or before.until_ms > tx.now_ms:
                return False
            receipt = await self._keep(tx, pure.ended(before, tx.now_ms), "ran_out")
        await self.promises.journal.deliver(self.promises.registry, *receipt.rows)
        return True

    async def _keep(
        self, tx: Transaction, after: RoadClosure, verb: str, *, new: bool = False
    ) -> ClosureReceipt:
        await closure_store.put(tx.connection, after, new=new)
        detail: dict[str, Any] = {
            "slowdown": after.slowdown,
            "reason": after.reason.value,
            "from_ms": after.from_ms,
            "until_ms": after.until_ms,
        }
        await tx.audit(f"closure.{verb}", "closure", after.id, after.note, detail)
        row = await tx.promise(
            aggregate="closure",
            aggregate_id=after.id,
            version=after.version,
            kind=f"closure.{verb}",
            card=pure.card(after),
            body={"by": tx.actor.id},
        )
        return ClosureReceipt(after, (row,))
