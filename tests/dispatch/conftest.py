"""Requests, policies and clocks for the tests of dispatch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.policy import Policy, load_policy
from dispatch.request import Bundle, CrisisRequest, Cssrs, Needs, Risk
from dispatch.words import Answer, State, Tier, Urgency
from registry.port import Registry

if TYPE_CHECKING:
    from tests.dispatch.house import House

T0_MS = 1_800_000_000_000


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy(Path(__file__).parents[2] / "policy" / "dispatch.toml")


@pytest.fixture
async def house(engine: AsyncEngine, registry: Registry) -> House:
    """A dispatch room over a small region."""
    from tests.dispatch.house import House  # it is built of what stands below

    return await House(engine, registry).settle()


def all_no() -> Risk:
    """Every question asked, nothing that raises the risk."""
    no = Answer.NO
    return Risk(
        cssrs=Cssrs(no, no, no, no, no, no, no),
        desire=no,
        intent=no,
        capability=no,
        buffers=Answer.YES,
        violence=no,
        psychosis=no,
        overdose=no,
        danger_to_others=no,
        imminent=no,
    )


def a_request(state: State = State.REQUESTED, **changes: object) -> CrisisRequest:
    """A request of a plain adult; `changes` replaces fields."""
    given: dict[str, object] = {
        "id": "r-1",
        "version": 1,
        "state": state,
        "opened_ms": T0_MS,
        "zone": "weber",
        "place": "Ogden",
        "lon": -111.97,
        "lat": 41.22,
        "needs": Needs(words=frozenset({"adult"})),
        "risk": all_no(),
        "urgency": Urgency.URGENT,
        "tier": Tier.HIGH,
        "target_ms": T0_MS + 2_400_000,
        "policy": "test",
        "owner": "dana",
        "plan": Bundle(),
        "held": Bundle(),
    }
    return CrisisRequest(**(given | changes))  # type: ignore[arg-type]
