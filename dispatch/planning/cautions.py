"""What a person must know before they accept a recommendation."""

from collections.abc import Iterator

from dispatch.planning.asks import INTERPRETER
from dispatch.planning.situation import (
    is_lost,
    parts_of,
    why_gives_nothing,
    why_out,
)
from dispatch.planning.story import Story
from dispatch.planning.wording import FAULTS, minutes, word_told
from dispatch.request import CrisisRequest
from dispatch.rules import minor_is_accompanied
from dispatch.whereabouts import position_age_s
from dispatch.words import Need
from optimizer.plan import Assignment
from optimizer.problem import Bundle

LOCK_TEXT = "What is promised or fixed does not fit ({fault}): a person must decide."


def warnings(story: Story, assignment: Assignment) -> list[str]:
    """What a person must know before they accept."""
    request, situation = story.request(assignment.request_id), story.question.situation
    found = [LOCK_TEXT.format(fault=fault) for fault in assignment.lock_faults]
    found += _fixed_warnings(story, request)
    chosen = story.team_of(assignment)
    if chosen is not None:
        found += _team_warnings(story, request, chosen)
    if request.waiting:
        found += _busy_warnings(story, assignment.bundle)
    if request.involuntary and request.custody is None:
        found.append("Involuntary without a legal basis: record basis, custody and who transports.")
    alone = minor_is_accompanied(request)
    if request.needs.place is Need.NEEDED and not request.needs.slot and alone is not None:
        found.append(f"Before the ride: {alone}.")
    if story.question.travel.quality == "estimate":
        found.append("Travel times are estimates: no road engine answered.")
    place_id = assignment.bundle.place
    if place_id is not None and place_id in situation.pools and request.involuntary:
        found.append("Nobody is driven there before the facility has accepted by name.")
    return found


def _busy_warnings(story: Story, bundle: Bundle) -> Iterator[str]:
    situation = story.question.situation
    units = (situation.teams.get(bundle.team or ""), situation.vans.get(bundle.van or ""))
    for unit in units:
        if unit is not None and unit.id in situation.releases:
            yield f"{unit.name} is still busy: it can be accepted when it is free."


def _fixed_warnings(story: Story, request: CrisisRequest) -> Iterator[str]:
    """What a person fixed although it could not be planned."""
    situation, rules = story.question.situation, story.question.rules
    for id_ in sorted(parts_of([situation.fixed.get(request.id, Bundle())])):
        unit = situation.teams.get(id_) or situation.vans.get(id_)
        if unit is not None:
            name = unit.name
            why = None if unit.request == request.id else why_out(unit, situation.now_ms)
        else:
            name = story.place_name(id_)
            why = why_gives_nothing(story.vacancy(id_), situation.now_ms, rules)
        if why is not None:
            yield f"{name} is fixed although it is {FAULTS[why]}."


def _team_warnings(story: Story, request: CrisisRequest, chosen: str) -> Iterator[str]:
    situation, rules = story.question.situation, story.question.rules
    found = situation.teams[chosen]
    lapsed = situation.lapsed.get(chosen, ())
    if lapsed:
        named = ", ".join(word_told(word) for word in lapsed)
        yield f"A credential in {found.name} has lapsed ({named}): a supervisor gives a reason."
    wished = {
        word
        for group in rules.planning.team_wished_groups
        for word in rules.vocabulary.needs[group]
        if word in request.needs.words and word not in found.offers
    }
    comes = INTERPRETER in found.offers
    for word in sorted(wished - {INTERPRETER}):
        how = "it brings an interpreter" if comes else "call an interpreter"
        yield f"Nobody in {found.name} speaks {word_told(word)}: {how}."
    if INTERPRETER in wished:
        yield f"{found.name} brings no interpreter."
    if is_lost(found, situation.now_ms, rules):
        age = minutes(position_age_s(found, situation.now_ms))
        yield f"The position of {found.name} is {age} old."
