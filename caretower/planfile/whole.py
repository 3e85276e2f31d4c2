"""What must hold between the parts of a plan file: one complaint, with the path of the field."""

from collections import Counter
from collections.abc import Sequence, Set
from typing import Any

from caretower.planfile.form import PlanFile, TravelPart
from dispatch.request import SELF
from optimizer.problem import ANY
from registry.vocabulary import UnknownWord, Vocabulary

RESOURCES = ("teams", "vans", "pools", "slots")
KINDS = ("requests", *RESOURCES)
OF_PART = {"team": ("teams",), "van": ("vans",), "place": ("pools", "slots")}
"""Which lists a part of a bundle may name."""
RESERVED = frozenset({SELF.lower(), ANY.lower()})
"""What no resource may be called, in whatever letters: the team drives; a part is open."""


def check_whole(file: PlanFile, vocabulary: Vocabulary) -> None:
    """Raises ValueError with the first thing that does not hold."""
    _ids(file)
    _words(file, vocabulary)
    if file.travel is None:
        _positions(file)
    else:
        _pairs(file, file.travel)
    _references(file)


def _parts(file: PlanFile) -> dict[str, Sequence[Any]]:
    return {kind: getattr(file, kind) for kind in KINDS}


def _known(file: PlanFile, *kinds: str) -> set[str]:
    return {part.id for kind in kinds for part in getattr(file, kind)}


def _ids(file: PlanFile) -> None:
    requests = [part.id for part in file.requests]
    resources = [part.id for kind in RESOURCES for part in getattr(file, kind)]
    for ids in (requests, resources):
        if twice := twice_in(ids):
            raise ValueError(f"the id {twice} appears twice")
    for kind in RESOURCES:
        for k, part in enumerate(getattr(file, kind)):
            if part.id.lower() in RESERVED:
                raise ValueError(f"{kind}.{k}.id: {part.id} has a meaning of its own, take another")


def twice_in(ids: Sequence[str]) -> str | None:
    """The first, by the alphabet, of the ids that appear more than once."""
    return min((one for one, count in Counter(ids).items() if count > 1), default=None)


def _words(file: PlanFile, vocabulary: Vocabulary) -> None:
    for kind, parts in _parts(file).items():
        for k, part in enumerate(parts):
            for name in ("needs", "offers", "takes", "lapsed"):
                try:
                    vocabulary.check_needs(getattr(part, name, ()))
                except UnknownWord as unknown:
                    raise ValueError(f"{kind}.{k}.{name}: {unknown}") from None
            for word in getattr(part, "pool_types", ()):
                _check_type(vocabulary, f"{kind}.{k}.pool_types", word)
            if kind == "pools":
                _check_type(vocabulary, f"pools.{k}.type", part.type)
    for k, agreement in enumerate(file.agreements):
        for word in agreement.pool_types:
            _check_type(vocabulary, f"agreements.{k}.pool_types", word)


def _check_type(vocabulary: Vocabulary, path: str, word: str) -> None:
    try:
        vocabulary.check_code("pool_type", word)
    except UnknownWord as unknown:
        raise ValueError(f"{path}: {unknown}") from None


def _positions(file: PlanFile) -> None:
    for kind, parts in _parts(file).items():
        for k, part in enumerate(parts):
            remote = getattr(part, "mode", None) == "telehealth"
            if part.at is None and getattr(part, "base", None) is None and not remote:
                raise ValueError(f"{kind}.{k}.at: needed, because the file has no travel times")


def _pairs(file: PlanFile, travel: TravelPart) -> None:
    requests, teams, vans = (_known(file, kind) for kind in ("requests", "teams", "vans"))
    places = _known(file, "pools", "slots")
    for name, origins, destinations in (
        ("team_to_request", teams, requests),
        ("van_to_request", vans, requests),
        ("request_to_place", requests, places),
        ("place_to_base", places, vans),
    ):
        for origin, row in getattr(travel, name).items():
            strange = ({origin} - origins) | (row.keys() - destinations)
            if strange:
                raise ValueError(f"travel.{name}.{origin}: unknown id {min(strange)}")


def _references(file: PlanFile) -> None:
    """Promised and fixed parts are there; what is forbidden is there, and is not fixed; so is every
    facility that is named. A previous plan may name what is gone."""
    everything = _known(file, *RESOURCES)
    facilities = _facilities(file)
    for k, agreement in enumerate(file.agreements):
        _check_there(f"agreements.{k}.facility", {agreement.facility}, facilities)
    _check_there("forbidden", file.forbidden, everything)
    for k, request in enumerate(file.requests):
        _check_there(f"requests.{k}.forbidden", request.forbidden, everything)
        may_decline = _known(file, "teams") | facilities
        _check_there(f"requests.{k}.declined_by", request.declined_by, may_decline)
        if request.facility is not None:
            _check_there(f"requests.{k}.facility", {request.facility}, facilities)
        for field in ("promised", "fixed"):
            for part, id_ in getattr(request, field) or ():
                known = _known(file, *OF_PART[part]) | ({SELF} if part == "van" else set())
                if id_ is not None and id_ not in known:
                    raise ValueError(f"requests.{k}.{field}.{part}: unknown id {id_}")
                if id_ in file.forbidden:
                    raise ValueError(f"requests.{k}.{field}.{part}: {id_} is forbidden to all")


def _facilities(file: PlanFile) -> set[str]:
    return {pool.facility for pool in file.pools} | {slot.provider for slot in file.slots}


def _check_there(path: str, ids: Set[str], known: set[str]) -> None:
    strange = ids - known
    if strange:
        raise ValueError(f"{path}: unknown id {min(strange)}")
