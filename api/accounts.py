"""Accounts of our own behind the port `Identity`: argon2 hashes, signed tokens, revocation."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from uuid6 import uuid7

from api.acting import actor_of
from api.errors import CommandReused, Conflict, NotAuthenticated, TooManyTries, Unknown
from api.identity import Colleague, Device, KeptAccount, LoggedIn
from api.roles import CONTROL, Caller, Role
from api.store import Good, Store
from api.tokens import Tokens, generation_of
from record import Actor
from record.actor import system
from registry.port import Registry

DOOR = system("door")
RECHECK_S = 10
"""How long a verified token is believed before the record is asked again whether it is revoked."""
CACHED_TOKENS = 10_000
WALL_LIFETIME_S = 10 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class Limits:
    """Log-in tries allowed in `window_s`, for one name and for one client address."""

    window_s: int = 60
    per_name: int = 30
    per_client: int = 120


class Accounts:
    """`Identity` over SQL. Passwords are hashed two at a time, off the event loop."""

    def __init__(
        self,
        store: Store,
        tokens: Tokens,
        registry: Registry,
        clock: Callable[[], int],
        limits: Limits = Limits(),
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._registry = registry
        self._clock = clock
        self._limits = limits
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash(str(uuid7()))
        self._hashing = asyncio.Semaphore(2)
        self._verified: OrderedDict[str, tuple[Caller, int]] = OrderedDict()

    async def put_account(
        self, name: str, role: Role, scope: str | None, password: str, by: Actor
    ) -> str:
        """Make or renew an account; answers its id, which a renewal keeps. Old sessions end."""
        return await self._store.put_account(
            by,
            id=str(uuid7()),
            name=name,
            role=role.value,
            scope=scope,
            password_hash=await self._hashed(password),
            created_ms=self._clock(),
        )

    async def accounts(self) -> list[KeptAccount]:
        """See `Identity.accounts`."""
        return [_kept(row) for row in await self._store.accounts()]

    async def make_account(
        self,
        name: str,
        role: Role,
        scope: str | None,
        password: str,
        by: Caller,
        command_id: str,
    ) -> KeptAccount:
        """See `Identity.make_account`. Raises CommandReused for an id that made another one."""
        row = await self._store.add_account(
            actor_of(by),
            id=command_id,
            name=name,
            role=role.value,
            scope=scope,
            password_hash=await self._hashed(password),
            created_ms=self._clock(),
        )
        if row is None:
            raise Conflict("this log-in name is taken")
        same = (row.name, row.role, row.scope) == (name, role.value, scope)
        if not same or not await self._matches(row.password_hash, password):
            raise CommandReused
        return _kept(row)

    async def disable_account(self, account: str, by: Caller) -> KeptAccount:
        """See `Identity.disable_account`."""
        row = await self._store.disable_account(actor_of(by), account, self._clock())
        return self._ended(row)

    async def renew_account(self, account: str, password: str, by: Caller) -> KeptAccount:
        """See `Identity.renew_account`."""
        hashed = await self._hashed(password)
        return self._ended(await self._store.renew_account(actor_of(by), account, hashed))

    def _ended(self, row: Any) -> KeptAccount:
        """Forget what was verified for this account; other processes ask again soon."""
        if row is None:
            raise Unknown("no such account")
        for token, (known, _) in list(self._verified.items()):
            if known.account == row.id:
                del self._verified[token]
        return _kept(row)

    async def _hashed(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def revoke_account(self, name: str, by: Actor) -> None:
        """Its tokens stop within `RECHECK_S`, its sockets within seconds. Raises Unknown."""
        if not await self._store.revoke_account(by, name, self._clock()):
            raise Unknown("no such account")

    async def ping(self) -> None:
        """See `Identity.ping`."""
        await self._store.ping()

    async def log_in(self, name: str, password: str, client: str) -> LoggedIn:
        """See `Identity.log_in`. A wrong name takes as long as a wrong password.

        Both are in the audit; a name that is no account's is not, for people type passwords there.
        """
        await self._limit("name", name, self._limits.per_name)
        await self._limit("client", client, self._limits.per_client)
        row = await self._store.account_named(name)
        matches = await self._matches(row.password_hash if row else self._nobody, password)
        if row is None or not matches:
            await self._store.audit(DOOR, "session.refused", row.id if row else "unknown")
            raise NotAuthenticated("name or password is wrong")
        caller = self._tokens.grant(
            row.id, row.name, Role(row.role), row.scope, generation=row.generation
        )
        await self._store.audit(actor_of(caller), "session.opened", caller.account)
        return LoggedIn(self._tokens.sign(caller), caller)

    async def verify(self, token: str) -> Caller:
        """See `Identity.verify`. Signatures and revocations are asked about every `RECHECK_S`."""
        now_ms = self._clock()
        caller, checked_ms = self._verified.get(token, (None, 0))
        if caller and now_ms < caller.expires_ms and now_ms - checked_ms < RECHECK_S * 1000:
            return caller
        if caller is None:
            caller = await self._read(token)
        if caller.expires_ms <= now_ms or not await self.still_good(caller):
            self._verified.pop(token, None)
            raise NotAuthenticated("this session has ended")
        self._verified[token] = (caller, now_ms)
        self._verified.move_to_end(token)
        if len(self._verified) > CACHED_TOKENS:
            self._verified.popitem(last=False)
        return caller

    async def still_good(self, caller: Caller) -> bool:
        """See `Identity.still_good`."""
        if caller.expires_ms <= self._clock():
            return False
        if caller.role is Role.WALL:
            return await self._store.device_good(caller.account) is not None
        return await self._store.account_good(caller.account, caller.token)

    async def ended(self, callers: Collection[Caller]) -> set[Caller]:
        """See `Identity.ended`."""
        walls = {caller.account for caller in callers if caller.role is Role.WALL}
        people = {caller for caller in callers if caller.role is not Role.WALL}
        known = await self._store.good_among(
            {caller.account for caller in people}, {caller.token for caller in people}, walls
        )
        now_ms = self._clock()
        return {
            caller
            for caller in callers
            if caller.expires_ms <= now_ms or not _is_good(caller, known)
        }

    async def log_out(self, caller: Caller) -> None:
        """See `Identity.log_out`."""
        await self._store.revoke_token(
            actor_of(caller), caller.token, caller.expires_ms, self._clock()
        )
        for token, (known, _) in list(self._verified.items()):
            if known.token == caller.token:
                del self._verified[token]

    async def colleagues(self) -> list[Colleague]:
        """See `Identity.colleagues`."""
        rows = await self._store.accounts_of([role.value for role in CONTROL])
        return [Colleague(row.id, row.name, row.role) for row in rows]

    async def make_device(self, name: str, made_by: Caller, command_id: str) -> tuple[Device, str]:
        """See `Identity.make_device`. Raises Conflict if the id was used for something else."""
        row = await self._store.put_device(
            actor_of(made_by),
            id=command_id,
            name=name,
            made_by=made_by.account,
            created_ms=self._clock(),
        )
        if (row.name, row.made_by, row.revoked_ms) != (name, made_by.account, None):
            raise CommandReused
        device = Device(row.id, row.name, row.created_ms, row.made_by)
        return device, self._tokens.device_token(row.id)

    async def devices(self) -> list[Device]:
        """See `Identity.devices`."""
        rows = await self._store.devices()
        return [Device(row.id, row.name, row.created_ms, row.made_by) for row in rows]

    async def revoke_device(self, device: str, revoked_by: Caller) -> None:
        """See `Identity.revoke_device`."""
        if not await self._store.revoke_device(actor_of(revoked_by), device, self._clock()):
            raise Unknown("no such wall")
        for token, (known, _) in list(self._verified.items()):
            if known.account == device:
                del self._verified[token]

    async def _read(self, token: str) -> Caller:
        if not token.startswith("wall."):
            return self._tokens.read(token)
        row = await self._store.device_good(self._tokens.read_device(token))
        if row is None:
            raise NotAuthenticated("this wall was revoked")
        expires_ms = row.created_ms + WALL_LIFETIME_S * 1000
        return Caller(row.id, row.name, Role.WALL, None, row.id, expires_ms)

    async def _matches(self, hashed: str, password: str) -> bool:
        async with self._hashing:
            try:
                return await asyncio.to_thread(self._hasher.verify, hashed, password)
            except (VerificationError, InvalidHashError):
                return False

    async def _limit(self, what: str, value: str, tries: int) -> None:
        """Count a try. The counter's key names nobody."""
        named = self._tokens.secret(f"log-in:{what}:{value}").hex()[:32]
        window_s = self._limits.window_s
        if await self._registry.count(f"log-in:{what}:{named}", window_s) > tries:
            raise TooManyTries(window_s)


def _is_good(caller: Caller, known: Good) -> bool:
    if caller.role is Role.WALL:
        return caller.account in known.devices
    same = known.accounts.get(caller.account) == generation_of(caller.token)
    return same and caller.token not in known.revoked


def _kept(row: Any) -> KeptAccount:
    return KeptAccount(row.id, row.name, row.role, row.scope, row.created_ms, row.revoked_ms)
