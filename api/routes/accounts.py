"""Who may log in: a supervisor makes, disables and renews accounts; all of it is in the audit."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api.errors import BadInput
from api.live.world import World
from api.roles import Caller, Role
from api.schemas import accounts as edge
from api.schemas.edge import Id
from api.sense import Sensible
from api.services import Services
from api.who import May, Now, Parts

router = APIRouter(tags=["accounts"], route_class=Sensible)
Supervisor = Annotated[Caller, Depends(May(Role.SUPERVISOR))]
AccountId = Annotated[Id, Path(alias="id")]
PLACES = (Role.FACILITY, Role.PROVIDER)


@router.get("/accounts")
async def list_accounts(_: Supervisor, parts: Parts) -> edge.KeptAccounts:
    """Every account, by name, the disabled ones too."""
    found = await parts.identity.accounts()
    return edge.KeptAccounts(items=[edge.KeptAccount.model_validate(one) for one in found])


@router.post("/accounts", status_code=201)
async def make_account(
    body: edge.NewAccount, caller: Supervisor, parts: Parts, world: Now
) -> edge.KeptAccount:
    """Make an account. A name that is taken is refused; `disable` frees none."""
    role = Role(body.role)
    await _check_scope(parts, world, role, body.scope)
    made = await parts.identity.make_account(
        body.name, role, body.scope, body.password, caller, body.command_id
    )
    return edge.KeptAccount.model_validate(made)


@router.post("/accounts/{id}/disable")
async def disable_account(
    account: AccountId, _body: edge.Disable, caller: Supervisor, parts: Parts
) -> edge.KeptAccount:
    """Nobody may log in with it; what is logged in ends within seconds."""
    if account == caller.account:
        raise BadInput("this is your own account: another supervisor can disable it")
    kept = await parts.identity.disable_account(account, caller)
    return edge.KeptAccount.model_validate(kept)


@router.post("/accounts/{id}/password")
async def renew_account(
    account: AccountId, body: edge.NewPassword, caller: Supervisor, parts: Parts
) -> edge.KeptAccount:
    """A new password, also for a disabled account, which is good again; old sessions end."""
    kept = await parts.identity.renew_account(account, body.password, caller)
    return edge.KeptAccount.model_validate(kept)


async def _check_scope(parts: Services, world: World, role: Role, scope: str | None) -> None:
    """Raises BadInput: missing, needless, or the scope of nobody."""
    if role in PLACES:
        known = scope is not None and await parts.directory.facility(scope) is not None
    elif role is Role.FIELD:
        kind, _, unit = (scope or "").partition(":")
        known = kind in ("team", "van") and world.get(kind, unit) is not None
    else:
        known = scope is None
    if not known:
        raise BadInput(f"the role {role} has no such scope")
