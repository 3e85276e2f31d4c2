"""Whose request it is: a role, and for crews and facilities the one unit that they answer for."""

from dispatch.errors import NotYours
from dispatch.request import CrisisRequest
from dispatch.words import Role
from record import Actor


def role_of(actor: Actor) -> Role:
    """The actor's role. Raises NotYours for one that has nothing to do here."""
    try:
        return Role(actor.role)
    except ValueError as error:
        raise NotYours(f"a {actor.role} has no part in dispatch") from error


def check_role(actor: Actor, allowed: frozenset[Role]) -> None:
    """Raises NotYours unless the actor has one of the roles."""
    if role_of(actor) not in allowed:
        raise NotYours(f"a {actor.role} may not do this")


def check_scope(actor: Actor, request: CrisisRequest) -> None:
    """A crew speaks for the request that its unit has, a facility for the one it is asked about.

    Raises NotYours.
    """
    role = role_of(actor)
    if role is Role.FIELD and actor.scope not in {request.held.team, request.held.van} - {None}:
        raise NotYours("this request is another crew's")
    asked = request.facility if request.facility_answer is not None else None
    if role is Role.FACILITY and (asked is None or actor.scope != asked):
        raise NotYours("this request is another facility's")


def check_lead(actor: Actor, request: CrisisRequest) -> None:
    """Until the person rides the crew speaks for itself, no driver beside it. Raises NotYours."""
    check_scope(actor, request)
    if role_of(actor) is Role.FIELD and actor.scope != (request.held.team or request.held.van):
        raise NotYours("the crew with the person says so itself")
