"""The edge says what the rooms below say: no field lost, no word missing."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from api.region import load_screens
from api.schemas import (
    edge,
    field,
    intake,
    live,
    pad,
    recommendation,
    referrals,
    requests,
    resources,
)
from api.translate.requests import OUTCOMES, STEPS, detail_of, needs_of, person_of, risk_of
from dispatch import panic, words
from dispatch.card import face
from dispatch.commands import RESOLUTIONS
from dispatch.commands import STEPS as INSIDE_STEPS
from dispatch.planning import recommendation as planned
from dispatch.reading import Dossier
from dispatch.request import CrisisRequest, Hazards, Needs, Person, Risk
from referral import states as referred
from registry import states
from tests.api.builders import NOW_MS, card


def request() -> CrisisRequest:
    return CrisisRequest(
        id="request-1",
        version=1,
        state=words.State.REQUESTED,
        opened_ms=NOW_MS,
        zone="weber",
        place="Ogden",
        lon=0.0,
        lat=0.0,
        needs=Needs(),
        risk=Risk(),
        urgency=words.Urgency.URGENT,
        tier=words.Tier.HIGH,
        target_ms=NOW_MS,
        policy="test",
    )


def test_a_card_at_the_edge_is_the_card_of_dispatch() -> None:
    made = face(request())
    assert set(made) == set(requests.Card.model_fields) == set(card())
    requests.Card.model_validate(made)


def test_a_panic_at_the_edge_is_the_panic_of_dispatch() -> None:
    assert set(field.Panic.model_fields) == set(panic.Panic.__dataclass_fields__)


def test_every_hazard_at_the_edge_is_one_of_dispatch() -> None:
    assert set(intake.Hazards.model_fields) == set(Hazards.__dataclass_fields__)
    assert set(requests.SharedHazards.model_fields) < set(Hazards.__dataclass_fields__)


@pytest.mark.parametrize(
    ("model", "struct"),
    [
        (resources.Team, states.Team),
        (resources.Van, states.Van),
        (resources.Pool, states.Pool),
        (resources.Slot, states.Slot),
        (live.Hold, states.Hold),
        (recommendation.Recommendation, planned.Recommendation),
        (recommendation.Alternative, planned.Other),
        (recommendation.Backup, planned.Backup),
        (recommendation.Unserved, planned.Unserved),
        (recommendation.Why, planned.Why),
        (recommendation.TravelSource, planned.Journey),
    ],
)
def test_an_answer_has_every_field_of_what_is_inside(
    model: type[BaseModel], struct: type[msgspec.Struct]
) -> None:
    inside = set(struct.__struct_fields__)
    if model is live.Hold:
        inside -= {"changed_ms", "updated_ms", "confirmed_ms"}
    assert set(model.model_fields) == inside


def test_the_plan_s_head_is_the_plan_without_its_recommendations() -> None:
    inside = set(planned.PlanView.__struct_fields__) - {"recommendations"}
    assert set(live.Plan.model_fields) == inside | {"id"}


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (edge.RequestState, words.State),
        (edge.Tier, words.Tier),
        (edge.PlaceNeed, words.Need),
        (edge.UnitStatus, states.UnitStatus),
        (intake.YesNo, words.Answer),
        (referrals.ReferralState, referred.State),
    ],
)
def test_the_edge_has_the_words_of_the_room_that_owns_them(said: object, known: type) -> None:
    assert set(get_args(said)) == {word.value for word in known}  # type: ignore[attr-defined]


def test_every_step_and_every_end_has_a_word() -> None:
    assert set(STEPS.values()) == set(INSIDE_STEPS)
    assert set(OUTCOMES.values()) == set(RESOLUTIONS)


def test_what_is_not_said_is_not_known() -> None:
    assert risk_of(intake.Risk()) == Risk()
    assert needs_of(intake.Needs()) == Needs()
    assert person_of(intake.Person()) == Person()


def test_incoming_people_have_no_tier_no_zone_and_no_name() -> None:
    assert not {"tier", "zone", "place", "name", "urgency"} & set(pad.Incoming.model_fields)


def test_the_screens_policy_has_its_source() -> None:
    screens = load_screens(Path(__file__).parents[2] / "policy" / "screens.toml")
    assert screens.wall.population_limit >= 1
    assert not screens.wall.verified


@pytest.mark.parametrize("blank", ["", "   ", "\u200b", "\u202e", "\u2067Robin", "a\u0085b", "?"])
@pytest.mark.parametrize("kind", [edge.Name, edge.Reason, edge.Town])
def test_nobody_answers_by_a_name_that_names_nobody(kind: object, blank: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(blank)


@pytest.mark.parametrize("name", ["Zoë O’Neil", "李", "محمد", "3 East", "Robin\tDoe"])
def test_names_of_every_script_are_names(name: str) -> None:
    assert TypeAdapter(edge.Name).validate_python(name) == name


@pytest.mark.parametrize("phone", ["---", "   ", "+()", "12", "٠١٢٣"])
def test_what_cannot_be_dialled_is_no_telephone_number(phone: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(edge.Phone).validate_python(phone)


@pytest.mark.parametrize("phone", ["988", "+1 (801) 555-0177", "801.555.0177 x12"])
def test_what_can_be_dialled_is_a_telephone_number(phone: str) -> None:
    assert TypeAdapter(edge.Phone).validate_python(phone) == phone


@pytest.mark.parametrize("urgency", [True, "1", 1.0])
def test_only_a_whole_number_is_an_urgency(urgency: object) -> None:
    """`true` would be routine: a fault of a caller's must not make a case routine."""
    with pytest.raises(ValidationError, match="urgency"):
        intake.Triage.model_validate(
            {"command_id": "01935f3a-7b1c-7000-8000-00000000c0de", "urgency": urgency}
        )


def test_a_person_is_read_as_written_though_the_rules_have_changed_since() -> None:
    written = Person(name="   ", callback="---")
    known = Dossier(request(), face(request()), written, [], [], [], [])
    assert detail_of(known).model_dump()["person"]["callback"] == "---"
