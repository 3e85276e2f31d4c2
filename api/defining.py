"""What a definition must be before a person can be sent there: on the map, in known words."""

from api.errors import BadInput
from api.schemas import resources as edge
from api.sense import on_map
from api.services import Services


def check_unit(parts: Services, body: edge.UnitDefinition) -> None:
    """Raises BadInput, or UnknownWord for an offer that the vocabulary does not have."""
    on_map(parts, body.base_lon, body.base_lat, "base")
    parts.vocabulary.check_needs(body.offers)
    if body.shift_end_ms <= body.shift_start_ms:
        raise BadInput("the shift ends before it starts")


def check_pool(parts: Services, body: edge.PoolDefinition) -> None:
    """Raises BadInput, or UnknownWord for a type or a word that the vocabulary does not have."""
    on_map(parts, body.lon, body.lat, "pool")
    parts.vocabulary.check_code("pool_type", body.type)
    parts.vocabulary.check_needs(body.takes)


def check_slot(parts: Services, body: edge.SlotDefinition) -> None:
    """Raises BadInput, or UnknownWord for a word that the vocabulary does not have."""
    on_map(parts, body.lon, body.lat, "slot")
    parts.vocabulary.check_needs(body.takes)
