"""What cannot be, whatever the schema says: a clock in the future, a town that is not there.

A type of `api.schemas.edge` bears the mark of its sense (`Happened`, `FacilityId`, …), and every
door's body is judged by its marks before the door is opened: a door cannot forget it.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, wraps
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.errors import BadInput
from api.schemas.edge import Birthday, Named, When
from api.services import Services
from registry.vocabulary import UnknownWord

OLDEST_YEARS = 130
_ONE_DAY = timedelta(days=1)

Mark = When | Named | Birthday


class Sensible(APIRoute):
    """A route whose body is judged first. Its door takes `parts` wherever it takes a body."""

    def __init__(self, path: str, endpoint: Callable[..., Awaitable[Any]], **more: Any) -> None:
        super().__init__(path, _judged(endpoint), **more)


def _judged(door: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(door)
    async def judging(**given: Any) -> Any:
        if isinstance(given.get("body"), BaseModel):
            await sensible(given["parts"], given["body"])
        return await door(**given)

    return judging


async def sensible(parts: Services, body: BaseModel) -> None:
    """Raises BadInput naming the first field of `body` that cannot be meant."""
    for where, mark, value in _said(body):
        match mark:
            case When():
                _check_time(parts, value, mark, where)
            case Birthday():
                _check_birthday(parts, value, where)
            case Named():
                await _KNOWN[mark.kind](parts, value, where)


def on_map(parts: Services, lon: float, lat: float, what: str) -> None:
    """Raises BadInput when no vehicle of the region can be there."""
    if not parts.region.near(lon, lat):
        raise BadInput(f"{what} is off the map")


def _said(body: BaseModel) -> Iterator[tuple[str, Mark, Any]]:
    """Every marked value in the body: (field, mark, value); what was left out makes no sense."""
    for name in type(body).model_fields:
        value = getattr(body, name)
        if value is None:
            continue
        for mark in _marks(type(body), name):
            yield name, mark, value
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, BaseModel):
                yield from _said(part)


@cache
def _marks(model: type[BaseModel], name: str) -> tuple[Mark, ...]:
    field = model.model_fields[name]
    return tuple(mark for mark in (*field.metadata, *_inside(field.annotation)) if _is_mark(mark))


def _inside(annotation: Any) -> Iterator[Any]:
    """What `Annotated` says within a union, such as `Happened | None`."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _inside(part)


def _is_mark(value: Any) -> bool:
    return isinstance(value, When | Named | Birthday)


def _check_time(parts: Services, at_ms: int, when: When, where: str) -> None:
    ahead_s = (at_ms - parts.clock()) / 1000
    if ahead_s > when.ahead_s + parts.settings.clock_ahead_s:
        raise BadInput(f"{where} is too far ahead" if when.ahead_s else f"{where} is in the future")
    if ahead_s < -when.back_s:
        raise BadInput(f"{where} is too long ago" if when.back_s else f"{where} is in the past")


def _check_birthday(parts: Services, said: str, where: str) -> None:
    try:
        born = date.fromisoformat(said)
    except ValueError:
        raise BadInput(f"{where} is no date of the calendar") from None
    today = datetime.fromtimestamp(parts.clock() / 1000, UTC).date()
    if born > today + _ONE_DAY:
        raise BadInput(f"{where} is in the future")
    if today.year - born.year > OLDEST_YEARS:
        raise BadInput(f"{where} is more than {OLDEST_YEARS} years ago")


async def _known_place(parts: Services, place: str, where: str) -> None:
    if await parts.directory.facility(place) is None:
        raise BadInput(f"the directory has no such {where}")


async def _known_colleague(parts: Services, account: str, _where: str) -> None:
    """Whoever owns a request must be somebody who can act on it."""
    if account not in {colleague.id for colleague in await parts.identity.colleagues()}:
        raise BadInput("there is no such dispatcher")


async def _known_zone(parts: Services, zone: str, _where: str) -> None:
    if zone not in parts.region.zones:
        raise BadInput("the region has no such zone")


async def _known_language(parts: Services, word: str, _where: str) -> None:
    if word not in parts.vocabulary.needs["language"]:
        raise UnknownWord("language", word)


_KNOWN: dict[str, Callable[[Services, str, str], Awaitable[None]]] = {
    "place": _known_place,
    "colleague": _known_colleague,
    "zone": _known_zone,
    "language": _known_language,
}
