"""What can be wrong with a command.

ReferralError
├── NotFound      no such referral, task, slot or request
├── NotYours      it belongs to another provider
├── WrongState    the act is not possible in this state
├── Refused       a resource or a rule says no, with the reason
└── Conflict      somebody else was first
    └── CommandReused  the command's id was used for something else
"""


class ReferralError(Exception):
    """Anything that this room refuses to do."""


class NotFound(ReferralError):
    """There is no such thing."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"no {kind} {id}")
        self.kind = kind
        self.id = id


class NotYours(ReferralError):
    """It belongs to another provider."""


class WrongState(ReferralError):
    """The act is not possible in this state."""

    def __init__(self, state: str, act: str) -> None:
        super().__init__(f"a referral that is {state} cannot take: {act}")
        self.state = state
        self.act = act


class Refused(ReferralError):
    """A resource or a rule says no."""

    def __init__(self, resource: str, reason: str) -> None:
        super().__init__(f"{resource}: {reason}")
        self.resource = resource
        self.reason = reason


class Conflict(ReferralError):
    """Somebody else was first."""


class CommandReused(Conflict):
    """The command's id was used for something else."""

    def __init__(self) -> None:
        super().__init__("this command id was used for something else")
