"""The follow-up that dispatch owes after a request: a booking settles it, a cancelling reopens it.

Dispatch and referrals are written one after the other; what a crash leaves between is mended later.
"""

from contextlib import suppress
from typing import Protocol

from dispatch.commands import Receipt, Reopen, Settle
from dispatch.errors import Conflict as SettledOtherwise
from dispatch.errors import NotFound as UnknownRequest
from dispatch.errors import WrongState as SettledBefore
from dispatch.reading import Ended
from dispatch.words import Settled
from record import Actor
from record.actor import system
from record.journal import Journal
from referral import store
from referral.errors import NotFound

BY_RULE = system("referral")


class Requests(Protocol):
    """What this room asks of dispatch."""

    async def ended(self, request: str) -> Ended | None:
        """The request if it came to an end with the person, else None."""
        ...

    async def to_follow_up(self) -> list[str]:
        """The ids of ended requests whose follow-up is not settled."""
        ...

    async def settle(self, actor: Actor, command: Settle) -> Receipt:
        """Settle the follow-up of an ended request. Raises WrongState when it is settled."""
        ...

    async def settled_as_referred(self, requests: list[str]) -> list[str]:
        """Which of these count as followed up because a referral was booked."""
        ...

    async def reopen(self, actor: Actor, command: Reopen) -> Receipt:
        """The follow-up is owed again. Raises WrongState where no referral had settled it."""
        ...


class FollowUps:
    """Keeps dispatch's follow-ups as the referrals say."""

    def __init__(self, journal: Journal, requests: Requests) -> None:
        self._journal = journal
        self._requests = requests

    async def settle(self, actor: Actor, referral: str, request: str) -> None:
        """Tell dispatch that the person is referred, unless the follow-up is settled already."""
        settle = Settle(f"{referral}/settled", request, Settled.REFERRED)
        with suppress(SettledBefore, SettledOtherwise):
            await self._requests.settle(actor, settle)

    async def reopen(self, requests: list[str] | None) -> None:
        """Follow-ups whose only referral was called off are owed again; None looks at all."""
        async with self._journal.engine.connect() as db:
            fallen = await store.called_off(db, requests)
        if not fallen:
            return
        for request in await self._requests.settled_as_referred(sorted(fallen)):
            again = Reopen(f"{fallen[request]}/reopened", request)
            with suppress(SettledBefore, SettledOtherwise):
                await self._requests.reopen(BY_RULE, again)

    async def unsettled(self) -> list[tuple[str, str]]:
        """Referrals (with their requests) of whose booking a crash kept dispatch unaware."""
        requests = await self._requests.to_follow_up()
        if not requests:
            return []
        async with self._journal.engine.connect() as db:
            return await store.referred(db, requests)

    async def ended(self, request: str) -> Ended | None:
        """The request if it came to an end with the person, else None. Raises NotFound."""
        try:
            return await self._requests.ended(request)
        except UnknownRequest:
            raise NotFound("request", request) from None
