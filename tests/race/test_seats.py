"""A slot is booked by dispatch and by referral: SQL is the last arbiter over both."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch import commands
from dispatch.commands import Receipt
from dispatch.dispatch import Dispatch
from dispatch.errors import Refused
from dispatch.request import SELF, Bundle, Needs
from dispatch.words import Event, Need
from referral.errors import Refused as ReferralRefused
from referral.policy import load_policy
from referral.referral import Refer, Referral
from registry.port import Granted, HoldCommand, Position
from registry.server import ServerRegistry
from registry.states import Hold
from tests.dispatch.house import DANA, POLICY, VOCABULARY, House, an_id

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]

SEATS, EACH = 3, 6
FOR_A_SLOT = Needs(words=frozenset({"adult"}), place=Need.NEEDED, van=Need.NONE, slot=True)


class Careless:
    """A registry that grants every hold, as if it had lost what it acknowledged."""

    def __init__(self, registry: ServerRegistry) -> None:
        self._registry = registry

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)

    async def hold(self, command: HoldCommand) -> Granted:
        hold = Hold(id=command.hold_id, request=command.request, expires_ms=0, by=command.by)
        return Granted(hold, Position(0, 0))


async def test_two_rooms_that_book_one_slot_at_once_fill_it_exactly(
    engine: AsyncEngine, registry: ServerRegistry
) -> None:
    house = await House(engine, registry).settle(teams=EACH)
    slot = (await registry.snapshot()).slots["s-1"]
    await registry.put(replace(slot, capacity=SEATS), an_id())
    careless: Any = Careless(registry)
    dispatch = Dispatch(
        house.journal, careless, house.directory, POLICY, VOCABULARY, "America/Denver"
    )
    policy = load_policy(Path(__file__).parents[2] / "policy" / "referral.toml")
    referral = Referral(house.journal, careless, house.dispatch, policy, house.time)
    waiting = [await house.opened(FOR_A_SLOT) for _ in range(EACH)]
    ended = [await house.opened() for _ in range(EACH)]
    for request in ended:
        by_phone = commands.Resolve(an_id(), request, Event.RESOLVE_BY_PHONE)
        await house.dispatch.resolve(DANA, by_phone)

    accepting = [
        dispatch.accept(
            DANA, commands.Accept(an_id(), request, Bundle(team=f"t-{n}", van=SELF, slot="s-1"))
        )
        for n, request in enumerate(waiting, 1)
    ]
    referring = [referral.refer(DANA, an_id(), Refer(an_id(), request, "s-1")) for request in ended]
    mixed = [one for pair in zip(accepting, referring, strict=True) for one in pair]
    answers = await asyncio.gather(*mixed, return_exceptions=True)

    booked = [answer for answer in answers if isinstance(answer, Receipt | dict)]
    refused = [answer for answer in answers if isinstance(answer, Refused | ReferralRefused)]
    assert (len(booked), len(refused)) == (SEATS, 2 * EACH - SEATS), answers
    seats = await house.rows("SELECT seat FROM slot_seat ORDER BY seat")
    assert [row.seat for row in seats] == [1, 2, 3]
    assert (await registry.snapshot()).slots["s-1"].booked == SEATS


async def test_a_seat_is_nobody_elses_even_without_the_lock(engine: AsyncEngine) -> None:
    taken = "INSERT INTO slot_seat VALUES ('s-1', 1, 'somebody', 1)"
    async with engine.begin() as connection:
        await connection.execute(text(taken))
    for again in (taken, taken.replace("1, 'somebody', 1", "2, 'somebody', 1")):
        with pytest.raises(IntegrityError):
            async with engine.begin() as connection:
                await connection.execute(text(again))


async def test_a_seat_that_dispatch_gives_back_is_a_referrals(
    engine: AsyncEngine, registry: ServerRegistry
) -> None:
    house = await House(engine, registry).settle()
    request = await house.accepted(FOR_A_SLOT, Bundle(team="t-1", van=SELF, slot="s-1"))
    policy = load_policy(Path(__file__).parents[2] / "policy" / "referral.toml")
    referral = Referral(house.journal, registry, house.dispatch, policy, house.time)
    ended = await house.opened()
    await house.dispatch.resolve(DANA, commands.Resolve(an_id(), ended, Event.RESOLVE_BY_PHONE))
    with pytest.raises(ReferralRefused):
        await referral.refer(DANA, an_id(), Refer(an_id(), ended, "s-1"))
    await house.dispatch.cancel(DANA, commands.Cancel(an_id(), request, "called by mistake"))
    card = await referral.refer(DANA, an_id(), Refer(an_id(), ended, "s-1"))
    await referral.cancel(DANA, an_id(), card["id"], "another day suits better")
    assert await house.rows("SELECT * FROM slot_seat") == []
