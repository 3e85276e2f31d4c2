"""A caller as the actor that the record names."""

from api.roles import Caller
from record.actor import Actor


def actor_of(caller: Caller) -> Actor:
    return Actor(id=caller.account, role=caller.role.value, scope=caller.scope, name=caller.name)
