"""What the registry raises. A refusal is an answer (`port.Refused`), not an error."""

from __future__ import annotations


class RegistryError(Exception):
    """Anything that the registry raises."""


class InvalidCommand(RegistryError):
    """The command can never be right: an unknown kind, a number out of its bounds."""


class CommandReused(RegistryError):
    """This command id came back with another command."""


class NotFound(RegistryError):
    """There is no such team, van, pool, slot or hold."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"no {kind} {id}")
        self.kind = kind
        self.id = id


class InUse(RegistryError):
    """A resource with a hold or a promise on it cannot be removed."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"{kind} {id} is in use")
        self.kind = kind
        self.id = id


class PositionLost(RegistryError):
    """The events after this position are gone (trimmed, or of another epoch): take a snapshot."""


class Fenced(RegistryError):
    """A newer holder of the lease exists, or the lease was never given: stop."""


class Unavailable(RegistryError):
    """The server did not answer. The outcome is unknown: retry with the same command id."""


class UnsuitableServer(RegistryError):
    """The server is too old or set up so that it could lose or evict what was acknowledged."""
