"""The one-use ticket that opens a live socket."""

from typing import Annotated

from fastapi import APIRouter, Depends

from api.live.tickets import issue
from api.roles import EVERYONE, Caller
from api.schemas.live import Ticket
from api.who import May, Parts

router = APIRouter(tags=["live"])
Anybody = Annotated[Caller, Depends(May(*EVERYONE))]


@router.post("/live/tickets", status_code=201)
async def make_ticket(caller: Anybody, parts: Parts) -> Ticket:
    """A ticket for `/v1/live?ticket=…`: good once, and only for some seconds."""
    lifetime_s = parts.settings.ticket_s
    ticket = await issue(parts.registry, caller, lifetime_s)
    return Ticket(ticket=ticket, expires_ms=parts.clock() + lifetime_s * 1000)
