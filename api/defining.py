"""What a definition must name before a person can be sent there: real zones, places and words."""

from api.errors import BadInput
from api.schemas import resources as edge
from api.sense import on_map
from api.services import Services


def check_unit(parts: Services, body: edge.UnitDefinition) -> None:
    """Raises BadInput, or UnknownWord for an offer that the vocabulary does not have."""
    _known_zone(parts, body.zone)
    on_map(parts, body.base_lon, body.base_lat, "base")
    parts.vocabulary.check_needs(body.offers)
    if body.shift_end_ms <= body.shift_start_ms:
        raise BadInput("the shift ends before it starts")


async def check_pool(parts: Services, body: edge.PoolDefinition) -> None:
    """Raises BadInput, or UnknownWord for a type or a word that the vocabulary does not have."""
    _known_zone(parts, body.zone)
    on_map(parts, body.lon, body.lat, "pool")
    parts.vocabulary.check_code("pool_type", body.type)
    parts.vocabulary.check_needs(body.takes)
    await _known_place(parts, body.facility, "facility")


async def check_slot(parts: Services, body: edge.SlotDefinition) -> None:
    """Raises BadInput, or UnknownWord for a word that the vocabulary does not have."""
    _known_zone(parts, body.zone)
    if body.lon is not None and body.lat is not None:
        on_map(parts, body.lon, body.lat, "slot")
    parts.vocabulary.check_needs(body.takes)
    if body.starts_ms <= parts.clock():
        raise BadInput("the appointment has started already")
    await _known_place(parts, body.provider, "provider")


def _known_zone(parts: Services, zone: str) -> None:
    if zone not in parts.region.zones:
        raise BadInput("the region has no such zone")


async def _known_place(parts: Services, place: str, what: str) -> None:
    if await parts.directory.facility(place) is None:
        raise BadInput(f"the directory has no such {what}")
