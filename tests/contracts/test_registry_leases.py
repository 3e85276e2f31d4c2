"""The plan, leases, tickets and counters, on every registry."""

from __future__ import annotations

import pytest

from registry.errors import Fenced
from registry.port import Lease
from tests.contracts.region import START_MS, Region


async def test_a_plan_of_an_older_planner_is_fenced(region: Region) -> None:
    registry = region.registry
    assert await registry.plan() is None
    with pytest.raises(Fenced):
        await registry.publish_plan(b"{}", 0)
    first = await registry.lease("planner", "a", 10)
    assert first is not None
    await registry.publish_plan(b'{"version":1}', first.token)
    await region.at(START_MS + 10_000)
    second = await registry.lease("planner", "b", 10)
    assert second is not None
    assert second.token > first.token
    with pytest.raises(Fenced):
        await registry.publish_plan(b'{"version":2}', first.token)
    before = await region.position()
    await registry.publish_plan(b"\x00\xff any bytes", second.token)
    assert await registry.plan() == b"\x00\xff any bytes"
    (event,) = await region.since(before)
    assert (event.kind, event.body) == ("plan.published", {"fence": second.token, "bytes": 12})


async def test_a_lease_has_one_holder_at_a_time(region: Region) -> None:
    registry = region.registry
    first = await registry.lease("keeper", "a", 10)
    assert first == Lease("keeper", "a", 1, START_MS + 10_000)
    assert await registry.lease("keeper", "b", 10) is None
    await region.at(START_MS + 9_000)
    renewed = await registry.renew(first, 10)
    assert renewed == Lease("keeper", "a", 1, START_MS + 19_000)
    await region.at(START_MS + 19_000)
    assert await registry.renew(first, 10) is None
    second = await registry.lease("keeper", "b", 10)
    assert second == Lease("keeper", "b", 2, START_MS + 29_000)
    assert not await registry.yield_lease(first)
    assert await registry.yield_lease(second)
    assert await registry.lease("keeper", "a", 10) == Lease("keeper", "a", 3, START_MS + 29_000)


async def test_a_lease_can_be_read_also_when_it_has_lapsed(region: Region) -> None:
    registry = region.registry
    assert await registry.leased("keeper") is None
    first = await registry.lease("keeper", "a", 10)
    assert first is not None
    before = await region.position()
    assert await registry.leased("keeper") == first
    await region.at(START_MS + 9_000)
    renewed = await registry.renew(first, 10)
    await region.at(START_MS + 60_000)
    assert await registry.leased("keeper") == renewed
    assert await registry.leased("planner") is None
    assert await region.position() == before


async def test_a_restarted_owner_fences_its_former_self(region: Region) -> None:
    first = await region.registry.lease("planner", "a", 10)
    second = await region.registry.lease("planner", "a", 10)
    assert first is not None
    assert second is not None
    assert second.token == first.token + 1
    assert await region.registry.renew(first, 10) is None


async def test_a_ticket_is_taken_once(region: Region) -> None:
    await region.registry.put_ticket("t", b"ada", 30)
    assert await region.registry.take_ticket("t") == b"ada"
    assert await region.registry.take_ticket("t") is None
    assert await region.registry.take_ticket("never") is None


async def test_a_counter_counts_each_key_for_itself(region: Region) -> None:
    assert [await region.registry.count("sign-in:ada", 60) for _ in range(3)] == [1, 2, 3]
    assert await region.registry.count("sign-in:bo", 60) == 1
