"""Reading a rides file, with a plain complaint about what does not hold between its parts."""

from pydantic import ValidationError

from caretower.planfile.complaints import complaints
from caretower.planfile.reading import PlanFileError, load_json
from caretower.planfile.whole import twice_in
from caretower.ridesfile.form import RidesFile
from registry.vocabulary import UnknownWord, Vocabulary

YEARS = range(1900, 9000)
"""Every moment of a plan can be written as a date, in every zone."""


def read(text: str, vocabulary: Vocabulary, groups: tuple[str, ...]) -> RidesFile:
    """The checked file; `groups` are those of the vocabulary that a van must meet.

    Raises PlanFileError.
    """
    try:
        file = RidesFile.model_validate_json(text)
        load_json(text)
        _check_whole(file)
        _check_words(file, vocabulary, groups)
    except ValidationError as wrong:
        raise PlanFileError(complaints(wrong)) from None
    except ValueError as wrong:
        raise PlanFileError(str(wrong)) from None
    return file


def _check_whole(file: RidesFile) -> None:
    if file.now.tzinfo is None:
        raise ValueError("now: must name its time zone, such as 2026-11-22T08:00:00Z")
    if file.now.year not in YEARS:
        raise ValueError(f"now: must be in the years {YEARS[0]} to {YEARS[-1]}")
    for kind, ids in (
        ("rides", [ride.id for ride in file.all_rides]),
        ("vans", [van.id for van in file.vans]),
    ):
        if twice := twice_in(ids):
            raise ValueError(f"{kind}: the id {twice} appears twice")
    _check_references(file)
    for origin, row in (file.travel or {}).items():
        for name in (origin, *row):
            if name not in file.places:
                raise ValueError(f"travel.{origin}: unknown place {name}")


def _check_references(file: RidesFile) -> None:
    vans = {van.id for van in file.vans}
    for ride in file.all_rides:
        _check_place(file, f"ride {ride.id}: from", ride.origin)
        _check_place(file, f"ride {ride.id}: to", ride.destination)
        for named in (ride.van, ride.aboard and ride.aboard.van):
            if named is not None and named not in vans:
                raise ValueError(f"ride {ride.id}: unknown van {named}")
    for van in file.vans:
        _check_place(file, f"van {van.id}: base", van.base)
        _check_place(file, f"van {van.id}: at", van.at or van.base)


def _check_place(file: RidesFile, what: str, place: str) -> None:
    if place not in file.places:
        raise ValueError(f"{what}: unknown place {place}")
    if file.travel is None and file.places[place] is None:
        raise ValueError(f"places.{place}: needs a position, because the file has no travel times")


def _check_words(file: RidesFile, vocabulary: Vocabulary, groups: tuple[str, ...]) -> None:
    offered = [word for group in groups for word in vocabulary.needs[group]]
    asked = [(ride.id, ride.needs) for ride in file.all_rides]
    for name, words in [*asked, *((van.id, van.offers) for van in file.vans)]:
        try:
            vocabulary.check_needs(words)
        except UnknownWord as unknown:
            raise ValueError(f"{name}: {unknown}") from None
        for word in words:
            if word not in offered:
                raise ValueError(f"{name}: {word} is nothing that a van has; {offered} are")
