"""The region, its map and its facilities."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.roles import EVERYONE, Caller, Role
from api.schemas.region import Facilities, Facility, FeatureCollection, Region
from api.who import May, Parts

router = APIRouter(tags=["region"])
Anybody = Annotated[Caller, Depends(May(*EVERYONE))]
WithFacilities = Annotated[Caller, Depends(May(*(EVERYONE - {Role.LAW_ENFORCEMENT})))]


@router.get("/region")
async def read_region(_: Anybody, parts: Parts) -> Region:
    """Name, time zone, bounds, limits and words of the region."""
    return parts.region.face


@router.get(
    "/region/map",
    response_model=FeatureCollection,
    response_class=Response,
    responses={200: {"content": {"application/geo+json": {}}}},
)
async def read_map(_: Anybody, parts: Parts) -> Response:
    """Counties, authorities, roads and places as GeoJSON."""
    headers = {"Cache-Control": "private, max-age=3600"}
    return Response(parts.region.map_json, media_type="application/geo+json", headers=headers)


@router.get("/facilities")
async def list_facilities(_: WithFacilities, parts: Parts) -> Facilities:
    """Who takes part as a place."""
    found = await parts.directory.facilities()
    return Facilities(items=[Facility.model_validate(one) for one in found])
