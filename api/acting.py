"""A caller as the actor that the record names."""

from api.roles import Caller
from record.actor import Actor


def actor_of(caller: Caller) -> Actor:
    """The record knows a crew by its unit's id alone."""
    scope = caller.unit[1] if caller.unit else caller.scope
    return Actor(id=caller.account, role=caller.role.value, scope=scope, name=caller.name)
