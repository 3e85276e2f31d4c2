"""Many dispatchers, one bed; and what a crash at the worst moment leaves behind."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch import commands
from dispatch.commands import Receipt
from dispatch.dispatch import Dispatch
from dispatch.errors import DispatchError, Refused
from dispatch.request import SELF, Bundle
from dispatch.words import Need, State
from record.journal import Journal
from record.outbox import deliver_pending
from registry.errors import Unavailable
from registry.port import Granted, HoldCommand
from registry.port import Refused as RegistryRefused
from registry.server import ServerRegistry
from tests.dispatch.house import CERTAIN, DANA, ERIN, POLICY, POSSIBLE, VOCABULARY, House, an_id

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]

N = 16


class Crash(BaseException):
    """The process dies here."""


class DyingJournal(Journal):
    """A journal whose process dies after the commit, before the registry hears of it."""

    async def deliver(self, *_: Any) -> None:
        raise Crash


class Between:
    """A real registry, with something happening right after a hold was granted."""

    def __init__(self, registry: ServerRegistry) -> None:
        self._registry = registry

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)

    async def hold(self, command: HoldCommand) -> Granted | RegistryRefused:
        answer = await self._registry.hold(command)
        await self.then(command)
        return answer

    async def then(self, command: HoldCommand) -> None:
        raise Crash


@pytest.fixture
async def house(engine: AsyncEngine, registry: ServerRegistry) -> House:
    return House(engine, registry)


def dispatch_on(house: House, *, journal: Journal | None = None, registry: Any = None) -> Dispatch:
    return Dispatch(
        journal or house.journal,
        registry or house.registry,
        house.directory,
        POLICY,
        VOCABULARY,
        "America/Denver",
    )


async def race(house: House, bundles: list[Bundle]) -> list[Receipt | Refused]:
    """One request and one dispatcher for each bundle, all at once."""
    requests = [await house.opened(CERTAIN) for _ in bundles]
    answers = await asyncio.gather(
        *(
            house.dispatch.accept(DANA, commands.Accept(an_id(), request, bundle))
            for request, bundle in zip(requests, bundles, strict=True)
        ),
        return_exceptions=True,
    )
    assert all(isinstance(answer, Receipt | Refused) for answer in answers), answers
    return answers  # type: ignore[return-value]


def receipts(answers: list[Receipt | Refused]) -> list[Receipt]:
    return [answer for answer in answers if isinstance(answer, Receipt)]


async def test_of_many_dispatchers_exactly_as_many_get_a_bed_as_there_are_beds(
    house: House,
) -> None:
    await house.settle(teams=N, beds=3)
    answers = await race(house, [Bundle(team=f"t-{n + 1}", van=SELF, pool="p-1") for n in range(N)])
    assert len(receipts(answers)) == 3
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    assert {(one.kind, one.resource) for one in refused} == {("pool", "p-1")}
    pool = await house.pool()
    assert (pool.reserved, pool.held, pool.free, pool.deficit) == (3, 0, 0, 0)
    teams = (await house.registry.snapshot()).teams.values()
    assert sum(team.request is not None for team in teams) == 3
    assert [team.hold for team in teams] == [None] * N


@pytest.mark.parametrize("shared", ["team", "van"])
async def test_of_many_dispatchers_exactly_one_gets_the_team_or_the_van(
    house: House, shared: str
) -> None:
    await house.settle(teams=N, beds=N)
    bundles = [
        Bundle(
            team="t-1" if shared == "team" else f"t-{n + 1}",
            van=SELF if shared == "team" else "v-1",
            pool="p-1",
        )
        for n in range(N)
    ]
    answers = await race(house, bundles)
    assert len(receipts(answers)) == 1
    refused = {answer.kind for answer in answers if isinstance(answer, Refused)}
    assert refused == {shared}
    assert (await house.pool()).free == N - 1


async def test_many_retries_of_one_acceptance_are_one_promise(house: House) -> None:
    await house.settle()
    request = await house.opened(CERTAIN)
    command = commands.Accept(an_id(), request, Bundle(team="t-1", van="v-1", pool="p-1"))
    answers = await asyncio.gather(
        *(house.dispatch.accept(DANA, command) for _ in range(N)), return_exceptions=True
    )
    kept = [answer for answer in answers if isinstance(answer, Receipt)]
    assert kept
    assert all(answer == kept[0] for answer in kept)
    assert all(isinstance(answer, Receipt | DispatchError) for answer in answers)
    assert await house.dispatch.accept(DANA, command) == kept[0]
    assert (await house.request(request)).version == 2
    assert (await house.team()).request == request


async def test_a_crash_between_hold_and_promise_is_finished_by_the_retry(house: House) -> None:
    await house.settle()
    request = await house.opened(CERTAIN)
    command = commands.Accept(an_id(), request, Bundle(team="t-1", van="v-1", pool="p-1"))
    dying = dispatch_on(house, registry=Between(house.registry))
    with pytest.raises(Crash):
        await dying.accept(DANA, command)
    assert ((await house.team()).hold, (await house.pool()).held) == (command.command_id, 1)
    receipt = await house.dispatch.accept(DANA, command)
    assert receipt.state is State.ACCEPTED
    assert ((await house.pool()).held, (await house.pool()).reserved) == (0, 1)


async def test_a_crash_between_hold_and_promise_leaves_nothing_behind_for_long(
    house: House,
) -> None:
    await house.settle()
    request, other = await house.opened(CERTAIN), await house.opened(CERTAIN)
    bundle = Bundle(team="t-1", van="v-1", pool="p-1")
    lost = commands.Accept(an_id(), request, bundle)
    with pytest.raises(Crash):
        await dispatch_on(house, registry=Between(house.registry)).accept(DANA, lost)
    with pytest.raises(Refused):
        await house.dispatch.accept(ERIN, commands.Accept(an_id(), other, bundle))
    # The hold ends: here by hand, at the keeper by its sweep.
    assert await house.registry.release(lost.command_id, an_id())
    await house.dispatch.accept(ERIN, commands.Accept(an_id(), other, bundle))
    assert (await house.team()).request == other


async def test_a_crash_between_promise_and_apply_is_mended_by_the_keeper(house: House) -> None:
    await house.settle()
    request = await house.opened(CERTAIN)
    command = commands.Accept(an_id(), request, Bundle(team="t-1", van="v-1", pool="p-1"))
    dying = dispatch_on(house, journal=DyingJournal(house.engine, house.time))
    with pytest.raises(Crash):
        await dying.accept(DANA, command)
    assert (await house.request(request)).state is State.ACCEPTED
    assert (await house.team()).request is None
    assert await deliver_pending(house.engine, house.registry, house.time) == 1
    team, pool = await house.team(), await house.pool()
    assert (team.request, team.hold, pool.reserved, pool.held) == (request, None, 1, 0)
    assert await deliver_pending(house.engine, house.registry, house.time) == 0


async def test_a_registry_that_goes_away_after_the_promise_does_not_undo_it(house: House) -> None:
    await house.settle()
    request = await house.opened(CERTAIN)

    class Away(Between):
        async def then(self, command: HoldCommand) -> None:
            pass

        async def apply(self, _: object) -> None:
            raise Unavailable

    command = commands.Accept(an_id(), request, Bundle(team="t-1", van="v-1", pool="p-1"))
    receipt = await dispatch_on(house, registry=Away(house.registry)).accept(DANA, command)
    assert receipt.state is State.ACCEPTED
    assert (await house.team()).request is None
    assert await house.dispatch.accept(DANA, command) == receipt
    assert (await house.team()).request == request


async def test_a_promise_that_the_registry_has_not_heard_of_still_keeps_the_bed(
    house: House,
) -> None:
    await house.settle(teams=2)
    first, second = await house.opened(CERTAIN), await house.opened(CERTAIN)
    dying = dispatch_on(house, journal=DyingJournal(house.engine, house.time))
    lost = commands.Accept(an_id(), first, Bundle(team="t-1", van=SELF, pool="p-1"))
    with pytest.raises(Crash):
        await dying.accept(DANA, lost)
    # The hold that stood behind it ends before the keeper comes: the registry shows a free bed.
    await house.registry.release(lost.command_id, an_id())
    assert (await house.pool()).free == 1
    with pytest.raises(Refused) as refused:
        await house.dispatch.accept(
            ERIN, commands.Accept(an_id(), second, Bundle(team="t-2", van=SELF, pool="p-1"))
        )
    assert (refused.value.kind, refused.value.resource) == ("pool", "p-1")
    await deliver_pending(house.engine, house.registry, house.time)
    pool = await house.pool()
    assert (pool.reserved, pool.held, pool.deficit) == (1, 0, 0)


async def test_a_hold_that_expires_under_a_slow_dispatcher_books_nobody_twice(
    house: House,
) -> None:
    await house.settle(teams=2)
    slow, quick = await house.opened(CERTAIN), await house.opened(CERTAIN)

    class Slow(Between):
        async def then(self, command: HoldCommand) -> None:
            await house.registry.release(command.hold_id, an_id())
            await house.dispatch.accept(
                ERIN, commands.Accept(an_id(), quick, Bundle(team="t-2", van=SELF, pool="p-1"))
            )

    with pytest.raises(Refused) as refused:
        await dispatch_on(house, registry=Slow(house.registry)).accept(
            DANA, commands.Accept(an_id(), slow, Bundle(team="t-1", van=SELF, pool="p-1"))
        )
    assert refused.value.kind == "pool"
    assert (await house.request(quick)).held.pool == "p-1"
    assert (await house.request(slow)).state is State.REQUESTED
    assert (await house.team("t-1")).request is None


async def test_a_facility_that_declines_while_the_crew_arrives_loses_neither(house: House) -> None:
    await house.settle(beds=1)
    request = await house.accepted()
    await asyncio.gather(
        house.facility(request, accepted=False),
        house.crew_says(request, accepted=True),
        house.dispatch.note(DANA, commands.AddNote(an_id(), request, "calm")),
    )
    found = await house.request(request)
    assert (found.state, found.version) == (State.ACKNOWLEDGED, 5)
    assert found.needs.place is Need.NEEDED
    assert (found.held.team, found.held.pool) == ("t-1", None)
    assert (await house.pool()).free == 1


async def test_two_diversions_of_one_team_leave_it_with_one_person(house: House) -> None:
    await house.settle(teams=1)
    first = await house.accepted(POSSIBLE, Bundle(team="t-1", van=SELF))
    others = [await house.opened(POSSIBLE) for _ in range(4)]
    answers = await asyncio.gather(
        *(
            house.dispatch.override(
                DANA,
                commands.Override(
                    an_id(), other, Bundle(team="t-1", van=SELF), "nearer", divert=True
                ),
            )
            for other in others
        ),
        return_exceptions=True,
    )
    assert all(isinstance(answer, Receipt | DispatchError) for answer in answers), answers
    with_team = [
        found.id for found in await house.dispatch.open_requests() if found.held.team == "t-1"
    ]
    assert len(with_team) == 1
    assert (await house.team()).request == with_team[0]
    assert (await house.request(first)).state is State.REQUESTED
