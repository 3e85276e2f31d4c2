"""Devices that report where a team or van is: each has a key of its own and speaks for one unit."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from api.acting import actor_of
from api.errors import CommandReused, NotAuthenticated, TooManyTries, Unknown
from api.roles import Caller
from api.store import Store
from api.tokens import Tokens
from registry.port import Registry

RECHECK_S = 10
"""How long a key is believed before the record is asked again whether it is revoked."""
CACHED_KEYS = 20_000
WINDOW_S, TRIES = 60, 60
"""Calls with a key that is none of ours, from one address."""


@dataclass(frozen=True, slots=True)
class Tracker:
    """A device and its unit; its key is told once, when it is made."""

    id: str
    name: str
    kind: str
    unit: str
    created_ms: int
    made_by: str


class Trackers:
    """Makes, reads and revokes devices' keys. Deny by default: an unknown key opens nothing."""

    def __init__(
        self, store: Store, tokens: Tokens, registry: Registry, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._registry = registry
        self._clock = clock
        self._known: OrderedDict[str, tuple[Tracker, int]] = OrderedDict()

    async def make(
        self, name: str, kind: str, unit: str, made_by: Caller, command_id: str
    ) -> tuple[Tracker, str]:
        """A device's key; a retry gives the same. Raises CommandReused."""
        row = await self._store.put_tracker(
            actor_of(made_by),
            id=command_id,
            name=name,
            kind=kind,
            unit=unit,
            made_by=made_by.account,
            created_ms=self._clock(),
        )
        made = (row.name, row.kind, row.unit, row.made_by, row.revoked_ms)
        if made != (name, kind, unit, made_by.account, None):
            raise CommandReused
        return _tracker(row), self._tokens.device_token(row.id, "gps")

    async def all(self) -> list[Tracker]:
        """Devices whose keys are good, the oldest first."""
        return [_tracker(row) for row in await self._store.trackers()]

    async def revoke(self, tracker: str, revoked_by: Caller) -> None:
        """Its points are refused within `RECHECK_S`. Raises Unknown."""
        if not await self._store.revoke_tracker(actor_of(revoked_by), tracker, self._clock()):
            raise Unknown("no such device")
        for key, (known, _) in list(self._known.items()):
            if known.id == tracker:
                del self._known[key]

    async def of_key(self, key: str, client: str) -> Tracker:
        """Whose key it is. Raises NotAuthenticated, and TooManyTries for who guesses."""
        now_ms = self._clock()
        known, checked_ms = self._known.get(key, (None, 0))
        if known and now_ms - checked_ms < RECHECK_S * 1000:
            return known
        try:
            row = await self._store.tracker_good(self._tokens.read_device(key, "gps"))
        except NotAuthenticated:
            row = None
        if row is None:
            self._known.pop(key, None)
            await self._count_try(client)
            raise NotAuthenticated("this key is not, or no longer, one of ours")
        self._known[key] = (_tracker(row), now_ms)
        self._known.move_to_end(key)
        if len(self._known) > CACHED_KEYS:
            self._known.popitem(last=False)
        return self._known[key][0]

    async def _count_try(self, client: str) -> None:
        """The counter's key names nobody."""
        named = self._tokens.secret(f"gps:{client}").hex()[:32]
        if await self._registry.count(f"gps:{named}", WINDOW_S) > TRIES:
            raise TooManyTries(WINDOW_S)


def _tracker(row: object) -> Tracker:
    return Tracker(*(getattr(row, name) for name in Tracker.__dataclass_fields__))
