"""Log in, log out, who am I, and the walls' device tokens."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from api.roles import CONTROL, EVERYONE, Caller, Role
from api.schemas.edge import Id
from api.schemas.session import (
    Account,
    Colleague,
    Colleagues,
    LogIn,
    NewWallToken,
    Session,
    WallToken,
    WallTokenMade,
    WallTokens,
)
from api.sense import Sensible
from api.who import May, Parts, anyone

router = APIRouter(tags=["session"], route_class=Sensible)
Anybody = Annotated[Caller, Depends(May(*EVERYONE))]
WithPassword = Annotated[Caller, Depends(May(*EVERYONE - {Role.WALL}))]
Control = Annotated[Caller, Depends(May(*CONTROL))]
Supervisor = Annotated[Caller, Depends(May(Role.SUPERVISOR))]


def account_of(caller: Caller) -> Account:
    return Account(id=caller.account, name=caller.name, role=caller.role.value, scope=caller.scope)


@router.post("/sessions", status_code=201, dependencies=[Depends(anyone)])
async def log_in(body: LogIn, request: Request, parts: Parts) -> Session:
    """Name and password for a token that lives some hours."""
    client = request.client.host if request.client else "unknown"
    logged_in = await parts.identity.log_in(body.name, body.password, client)
    caller = logged_in.caller
    return Session(token=logged_in.token, expires_ms=caller.expires_ms, account=account_of(caller))


@router.delete("/sessions", status_code=204)
async def log_out(caller: WithPassword, parts: Parts) -> None:
    """The token is no longer good anywhere; a wall's is for a supervisor to revoke."""
    await parts.identity.log_out(caller)


@router.get("/me")
async def me(caller: Anybody) -> Account:
    """Who the token speaks for."""
    return account_of(caller)


@router.get("/colleagues")
async def list_colleagues(_: Control, parts: Parts) -> Colleagues:
    """Dispatchers and supervisors: who a request can belong to."""
    found = await parts.identity.colleagues()
    return Colleagues(items=[Colleague.model_validate(one) for one in found])


@router.post("/wall-tokens", status_code=201)
async def make_wall_token(body: NewWallToken, caller: Supervisor, parts: Parts) -> WallTokenMade:
    """A token for one wall display. It is shown once and can be revoked."""
    device, secret = await parts.identity.make_device(body.name, caller, body.command_id)
    return WallTokenMade(
        id=device.id,
        name=device.name,
        created_ms=device.created_ms,
        made_by=device.made_by,
        token=secret,
    )


@router.get("/wall-tokens")
async def wall_tokens(_: Supervisor, parts: Parts) -> WallTokens:
    """The walls whose tokens are good."""
    devices = await parts.identity.devices()
    return WallTokens(items=[WallToken.model_validate(device) for device in devices])


@router.delete("/wall-tokens/{wall}", status_code=204)
async def revoke_wall_token(wall: Annotated[Id, Path()], caller: Supervisor, parts: Parts) -> None:
    """The wall goes dark within a minute."""
    await parts.identity.revoke_device(wall, caller)
