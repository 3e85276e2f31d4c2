"""The card shows ids and states, and nobody's identity."""

import json
from dataclasses import fields

from dispatch.card import card, face
from dispatch.request import Bundle, CrisisRequest, Person
from dispatch.words import ENDED, Rescue, State
from tests.dispatch.conftest import a_request


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


def test_an_ended_request_has_no_card() -> None:
    assert [card(a_request(state)) for state in ENDED] == [None] * len(ENDED)


def test_an_open_rescue_keeps_the_card() -> None:
    assert card(a_request(State.EMS_HANDED_OVER, rescue=Rescue.OPEN)) is not None
    assert card(a_request(State.EMS_HANDED_OVER, rescue=Rescue.CONFIRMED)) is None
