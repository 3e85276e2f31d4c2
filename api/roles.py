"""Who calls: the seven roles, and the scope that narrows four of them."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    FACILITY = "facility"
    FIELD = "field"
    PROVIDER = "provider"
    LAW_ENFORCEMENT = "law_enforcement"
    WALL = "wall"


CONTROL = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
EVERYONE = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated account for one call.

    `scope` is a facility's id, `team:<id>` or `van:<id>`, or a provider's id; None elsewhere.
    `token` names the token, never the secret; `expires_ms` is UTC milliseconds.
    """

    account: str
    name: str
    role: Role
    scope: str | None
    token: str
    expires_ms: int

    @property
    def drives(self) -> bool:
        """Whether it is a driver's account: it sees nothing clinical."""
        return self.unit is not None and self.unit[0] == "van"

    @property
    def unit(self) -> tuple[str, str] | None:
        """(kind, id) of a field account's own unit."""
        if self.role is not Role.FIELD or self.scope is None:
            return None
        kind, _, unit = self.scope.partition(":")
        return kind, unit
