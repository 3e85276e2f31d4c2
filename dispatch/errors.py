"""What dispatch refuses, and why.

DispatchError
├── NotFound        no such request
├── Refused         a resource cannot be had: which one and why
├── WrongState      this cannot happen to a request in its present state
├── NotAllowed      a rule forbids it now (custody, consent, acceptance, a reason is missing)
├── NotYours        the role or its scope may not do this
├── Conflict        somebody else changed the request
│   └── CommandReused  the command id was used for something else
└── Invalid         the command contradicts itself or the vocabulary

No message carries personal data.
"""


class DispatchError(Exception):
    """The root of this room's errors."""


class NotFound(DispatchError):
    """There is no such request."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"there is no {kind} {id}")
        self.kind = kind
        self.id = id


class Refused(DispatchError):
    """A resource cannot be had; nothing was claimed.

    `kind` is `team`, `van`, `pool`, `slot` or `ride`, `reason` a code.
    """

    def __init__(self, kind: str, resource: str, reason: str) -> None:
        super().__init__(f"{kind} {resource} was refused: {reason}")
        self.kind = kind
        self.resource = resource
        self.reason = reason


class WrongState(DispatchError):
    """The event cannot happen in this state."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"a request that is {state} cannot {event.replace('_', ' ')}")
        self.state = state
        self.event = event


class NotAllowed(DispatchError):
    """A rule forbids it now; `rule` is its name."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(why)
        self.rule = rule


class NotYours(DispatchError):
    """The role or its scope may not do this."""


class Conflict(DispatchError):
    """The request changed meanwhile."""


class CommandReused(Conflict):
    """The command id was used for something else, or by somebody else."""

    def __init__(self) -> None:
        super().__init__("this command id was used for something else")


class Invalid(DispatchError):
    """The command contradicts itself or the vocabulary."""
