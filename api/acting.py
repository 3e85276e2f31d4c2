"""A caller as the actor that the record names, and a fact's command as nobody else's."""

from uuid import UUID, uuid5

from api.roles import Caller
from record.actor import Actor


def actor_of(caller: Caller) -> Actor:
    """The record knows a crew by its unit's id alone."""
    scope = caller.unit[1] if caller.unit else caller.scope
    return Actor(id=caller.account, role=caller.role.value, scope=scope, name=caller.name)


def fact_id(caller: Caller, act: str, target: str, command_id: str) -> str:
    """The registry's id of a fact: the same for a retry, another for any other act or account.

    The registry answers a known id with what it answered before; so an id that is used twice must
    not give one account the answer of another, nor one act that of another.
    """
    return str(uuid5(UUID(command_id), f"{caller.account}/{act}/{target}"))
