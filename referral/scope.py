"""Whose referral it is: a provider's own, or anybody's of the control room."""

from record import Actor
from referral.errors import NotYours
from referral.store import Row


def check_own(actor: Actor, row: Row) -> None:
    """Raises NotYours for another provider's."""
    if actor.role == "provider" and actor.scope != row["provider"]:
        raise NotYours("this referral belongs to another provider")
