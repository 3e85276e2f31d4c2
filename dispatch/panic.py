"""A crew or driver calls for help: pressed, acknowledged by name, ended by the desk. Pure.

Only the desk ends it, with a note: whoever holds the phone cannot. A second press while it is open
asks anew, so that an acknowledgement from before does not stand for it.
"""

from dataclasses import dataclass, replace
from typing import Any

from dispatch.errors import WrongState

UNITS = ("team", "van")


@dataclass(frozen=True, slots=True)
class Panic:
    """One call for help of a unit. Times in ms UTC.

    `pressed_ms` is the last press, `told_ms` when it came in: later after a dead spot. `overdue`:
    nobody acknowledged in time. Names are of staff; the person concerned is never named.
    """

    id: str
    version: int
    kind: str
    unit: str
    request: str | None
    pressed_ms: int
    told_ms: int
    answer_due_ms: int | None
    overdue: bool = False
    acknowledged_by: str | None = None
    acknowledged_ms: int | None = None
    ended_ms: int | None = None


def pressed(
    id: str, kind: str, unit: str, request: str | None, at_ms: int, now_ms: int, answer_s: int
) -> Panic:
    """The first press."""
    return Panic(id, 1, kind, unit, request, at_ms, now_ms, now_ms + answer_s * 1000)


def pressed_again(panic: Panic, at_ms: int, now_ms: int, answer_s: int) -> Panic:
    """Another press while it is open: it is asked anew."""
    return replace(
        _open(panic, "be pressed again"),
        version=panic.version + 1,
        pressed_ms=max(panic.pressed_ms, at_ms),
        told_ms=now_ms,
        answer_due_ms=now_ms + answer_s * 1000,
        overdue=False,
        acknowledged_by=None,
        acknowledged_ms=None,
    )


def acknowledged(panic: Panic, by: str, now_ms: int) -> Panic:
    """Somebody at the desk has it, by name; the first one stands. Raises WrongState when ended."""
    if _open(panic, "be acknowledged").acknowledged_by is not None:
        return panic
    return replace(
        panic,
        version=panic.version + 1,
        acknowledged_by=by,
        acknowledged_ms=now_ms,
        answer_due_ms=None,
        overdue=False,
    )


def unanswered(panic: Panic, now_ms: int) -> Panic | None:
    """The panic with its clock run out; None when it has not, or that is known already."""
    if panic.ended_ms is not None or panic.overdue:
        return None
    if panic.answer_due_ms is None or panic.answer_due_ms > now_ms:
        return None
    return replace(panic, version=panic.version + 1, overdue=True)


def ended(panic: Panic, now_ms: int) -> Panic:
    """The crew is safe, or was helped. Raises WrongState when it has ended already."""
    return replace(
        _open(panic, "end"),
        version=panic.version + 1,
        ended_ms=now_ms,
        answer_due_ms=None,
        overdue=False,
    )


def card(panic: Panic) -> dict[str, Any] | None:
    """What the desk and the crew itself are shown; None when it has ended."""
    return None if panic.ended_ms is not None else face(panic)


def face(panic: Panic) -> dict[str, Any]:
    """The panic as plain values."""
    return {name: getattr(panic, name) for name in Panic.__dataclass_fields__}


def _open(panic: Panic, event: str) -> Panic:
    if panic.ended_ms is not None:
        raise WrongState("ended", event)
    return panic
