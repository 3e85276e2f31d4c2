"""The card shows ids and states, and nobody's identity."""

import json
from dataclasses import fields, replace

from dispatch.card import FIRST, LATER, card, complete, face
from dispatch.request import Bundle, CrisisRequest, Person
from dispatch.words import ENDED, FOLLOWED_UP, Rescue, Settled, State
from tests.dispatch.conftest import T0_MS, a_request


def test_an_open_request_has_a_card_that_is_plain_json() -> None:
    shown = card(a_request(State.ACCEPTED, plan=Bundle(team="t-1", pool="p-1")))
    assert shown is not None
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["team"], shown["pool"], shown["state"]) == ("t-1", "p-1", "accepted")


def test_a_card_has_neither_identity_nor_position_nor_risk_answers() -> None:
    hidden = {field.name for field in fields(Person)} | {"lon", "lat", "risk", "custody"}
    assert not hidden & set(face(a_request()))


def test_no_field_anywhere_speaks_of_insurance_residency_or_immigration() -> None:
    names = {field.name for kind in (CrisisRequest, Person) for field in fields(kind)}
    for word in ("insur", "payer", "resid", "immigra", "citizen"):
        assert not [name for name in names if word in name]


def test_an_end_without_the_person_takes_the_card_away() -> None:
    assert {card(a_request(state)) is None for state in ENDED - FOLLOWED_UP} == {True}


def test_an_end_with_the_person_keeps_the_card_until_the_follow_up_is_settled() -> None:
    for state in FOLLOWED_UP:
        shown = card(a_request(state, ended_ms=T0_MS, follow_up_due_ms=T0_MS + 1))
        assert shown is not None
        assert (shown["state"], shown["ended_ms"]) == (state.value, T0_MS)
        assert shown["follow_up_due_ms"] == T0_MS + 1
        assert card(a_request(state, settled=Settled.REFERRED)) is None


def test_an_open_rescue_keeps_the_card() -> None:
    settled = a_request(State.EMS_HANDED_OVER, rescue=Rescue.OPEN, settled=Settled.IN_CARE)
    assert face(settled)["follow_up_due_ms"] is None
    assert card(settled) is not None
    assert card(replace(settled, rescue=Rescue.CONFIRMED)) is None


def test_a_card_of_an_older_release_is_completed_and_a_new_field_is_thought_of() -> None:
    """A field that is added to the card needs a default here for the cards that stand."""
    whole = face(a_request(State.ACCEPTED))
    assert set(whole) == FIRST | set(LATER)
    old = {name: whole[name] for name in FIRST}
    assert set(complete(old)) == set(whole)
    assert complete(whole) == whole
