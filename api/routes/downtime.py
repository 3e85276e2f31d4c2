"""The board on paper, for hours in which nothing else answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.downtime import Names, page
from api.roles import CONTROL, Caller
from api.who import May, Parts

router = APIRouter(tags=["downtime"])
Control = Annotated[Caller, Depends(May(*CONTROL))]
HTML: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/html": {"schema": {"type": "string"}}}}
}


@router.get("/board/downtime", response_class=Response, responses=HTML)
async def read_downtime_board(_: Control, parts: Parts) -> Response:
    """The present state as one page to be printed. It names no person."""
    colleagues = await parts.identity.colleagues()
    names = Names(
        region=parts.region.face.name,
        timezone=parts.region.face.timezone,
        facilities={place.id: place.name for place in await parts.directory.facilities()},
        owners={colleague.id: colleague.name for colleague in colleagues},
    )
    board = page(await parts.registry.snapshot(), names)
    return Response(board, media_type="text/html; charset=utf-8")
