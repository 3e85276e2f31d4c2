"""The facility pad, as one reading."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.live.audiences.pad import comes_to, incoming_of
from api.roles import Caller, Role
from api.schemas.pad import Pad
from api.who import May, Now, Parts

router = APIRouter(tags=["pad"])
Facility = Annotated[Caller, Depends(May(Role.FACILITY))]


@router.get("/pad")
async def read_pad(caller: Facility, parts: Parts, world: Now) -> Pad:
    """Own pools, and the people on their way to them."""
    pools = [pool for pool in world.of("pool").values() if pool["facility"] == caller.scope]
    facility = caller.scope or ""
    cards = [c for c in world.of("request").values() if comes_to(facility, c, world)]
    return Pad.model_validate(
        {
            "server_ms": parts.clock(),
            "facility": facility,
            "pools": pools,
            "incoming": [incoming_of(card, world) for card in cards],
        }
    )
