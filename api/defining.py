"""What a definition must be before a person can be sent there: on the map, in known words."""

from typing import TypeVar

import msgspec

from api.errors import BadInput
from api.schemas import resources as edge
from api.schemas.edge import Command
from api.sense import on_map
from api.services import Services
from registry.states import Pool, Slot, Team, Van

R = TypeVar("R", Team, Van, Pool, Slot)


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


def definition(kind: type[R], id: str, body: Command, **counted: int) -> R:
    """The resource that a checked body defines, with a first count if one is known."""
    return msgspec.convert({"id": id} | body.model_dump(exclude={"command_id"}) | counted, kind)
