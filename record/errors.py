"""What the record refuses.

RecordError
├── CommandReused
├── GuardFailed
├── ConstraintBroken
└── Unaudited
"""


class RecordError(Exception):
    """The base of the record's refusals; the transaction was rolled back."""


class CommandReused(RecordError):
    """A command id came back from another actor, with another purpose or another body."""


class GuardFailed(RecordError):
    """A guarded statement met no row: the state is not the one the caller had seen."""


class ConstraintBroken(RecordError):
    """A constraint of the database said no; `constraint` is its name."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class Unaudited(RecordError):
    """A transaction made a promise without an audit line: a mistake in the calling room."""
