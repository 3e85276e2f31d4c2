"""The port behind which accounts live, so that another identity provider can follow."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from api.roles import Caller, Role


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A fresh token and whom it speaks for."""

    token: str
    caller: Caller


@dataclass(frozen=True, slots=True)
class Device:
    """A wall's device token; its secret is known only when it is made."""

    id: str
    name: str
    created_ms: int
    made_by: str


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """An account without its secret; `disabled_ms` is None while it is good."""

    id: str
    name: str
    role: str
    scope: str | None
    created_ms: int
    disabled_ms: int | None


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody at dispatch to whom a request can belong."""

    id: str
    name: str
    role: str


class Identity(Protocol):
    """Who somebody is. Every method may raise `api.errors.NotAuthenticated`."""

    async def ping(self) -> None:
        """Raises `PartMissing` while accounts cannot be asked."""
        ...

    async def log_in(self, name: str, password: str, client: str) -> LoggedIn:
        """Check a password; raises `TooManyTries` when `client` or `name` tries too often."""
        ...

    async def verify(self, token: str) -> Caller:
        """Whom a bearer token speaks for: signature, expiry and revocation are checked."""
        ...

    async def still_good(self, caller: Caller) -> bool:
        """Whether a verified token has been neither revoked nor outlived, asked of the record."""
        ...

    async def ended(self, callers: Collection[Caller]) -> set[Caller]:
        """Those of them who may not listen any more, in one question."""
        ...

    async def colleagues(self) -> list[Colleague]:
        """Dispatchers and supervisors, by name."""
        ...

    async def accounts(self) -> list[KeptAccount]:
        """Every account, by name."""
        ...

    async def make_account(
        self,
        name: str,
        role: Role,
        scope: str | None,
        password: str,
        by: Caller,
        command_id: str,
    ) -> KeptAccount:
        """A retry gives the same account. Raises `Conflict`: the name is taken."""
        ...

    async def disable_account(self, account: str, by: Caller) -> KeptAccount:
        """Its sessions end. Raises `Unknown`."""
        ...

    async def renew_account(self, account: str, password: str, by: Caller) -> KeptAccount:
        """A new password; older sessions end, a disabled account is good again. `Unknown`."""
        ...

    async def log_out(self, caller: Caller) -> None:
        """Revoke the token that a password gave; a wall's is revoked by `revoke_device`."""
        ...

    async def make_device(self, name: str, made_by: Caller, command_id: str) -> tuple[Device, str]:
        """A wall's token: (device, secret). A retry with the same id gives the same device."""
        ...

    async def devices(self) -> list[Device]:
        """Walls whose tokens are good."""
        ...

    async def revoke_device(self, device: str, revoked_by: Caller) -> None:
        """Raises `Unknown` if there is none. Both making and revoking are in the audit."""
        ...
