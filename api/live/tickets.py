"""One-use tickets: a socket's address carries no token that is worth stealing."""

import secrets

import msgspec

from api.errors import NotAuthenticated
from api.roles import Caller
from registry.port import Registry


async def issue(registry: Registry, caller: Caller, lifetime_s: int) -> str:
    """Leave the caller with the registry under a fresh secret."""
    ticket = secrets.token_urlsafe(24)
    await registry.put_ticket(ticket, msgspec.json.encode(caller), lifetime_s)
    return ticket


async def redeem(registry: Registry, ticket: str) -> Caller:
    """Whom the ticket lets in, once. Raises NotAuthenticated when used, late or made up."""
    left = await registry.take_ticket(ticket)
    if left is None:
        raise NotAuthenticated("this ticket was used, or is too old")
    return msgspec.json.decode(left, type=Caller)
