"""Every ground of eligibility, one by one: who can serve whom, as labels and bits."""

from pathlib import Path
from typing import Any

import pytest

from directory.participants import Agreement
from dispatch.planning.asks import Asks, Offer
from dispatch.planning.bits import Bits, Label
from dispatch.planning.policy import load_planning_policy
from dispatch.request import CrisisRequest, Custody, Guardianship, Needs, Risk
from dispatch.words import (
    Consent,
    Custodian,
    Escort,
    LegalBasis,
    Need,
    State,
    Tier,
    Transporter,
    Urgency,
)
from registry.vocabulary import load_vocabulary

HOUSE = Path(__file__).parents[3]
VOCABULARY = load_vocabulary()
ASKS = Asks(load_planning_policy(HOUSE / "policy" / "planning.toml", VOCABULARY), VOCABULARY)


def asking(*words: str, **given: Any) -> CrisisRequest:
    needs = Needs(
        words=frozenset(words),
        place=Need.NEEDED,
        van=Need.NEEDED,
        seats=given.pop("seats", 1),
        pool_types=given.pop("pool_types", ()),
    )
    return CrisisRequest(
        id="R1",
        version=1,
        state=State.REQUESTED,
        opened_ms=0,
        zone="weber",
        place="Ogden",
        lon=0.0,
        lat=0.0,
        needs=needs,
        risk=Risk(),
        urgency=Urgency.URGENT,
        tier=given.pop("tier", Tier.HIGH),
        target_ms=0,
        policy="test",
        **given,
    )


def fits(labels: list[Label], offer: Offer) -> bool:
    """Whether an offer has every bit that is needed."""
    bits = Bits()
    return not bits.needed(labels) & ~bits.offered(offer)


def offering(*words: str, **more: Any) -> Offer:
    return Offer(words=frozenset(words), **more)


PLACE_WORDS = [
    word
    for group in ("population", "unit", "legal", "acuity", "support", "access")
    for word in VOCABULARY.needs[group]
]


@pytest.mark.parametrize("word", PLACE_WORDS)
def test_a_place_must_declare_each_of_these(word: str) -> None:
    """Ages, units, acuity, legal status, medical needs, substance use, aggression, disabilities,
    brain injury, dementia, wheelchair, secure."""
    labels = ASKS.place(asking(word))
    assert not fits(labels, offering())
    assert fits(labels, offering(word))


def test_the_vocabulary_has_every_ground_that_people_are_matched_by() -> None:
    assert set(PLACE_WORDS) >= {
        "child", "adolescent", "adult", "older_adult", "female_unit", "male_unit", "voluntary",
        "involuntary", "high_acuity", "substance_use", "withdrawal", "medical_needs", "aggression",
        "intellectual_disability", "physical_disability", "brain_injury", "dementia", "wheelchair",
        "secure",
    }  # fmt: skip


@pytest.mark.parametrize("word", VOCABULARY.needs["crew"])
def test_a_crew_must_have_the_credential_that_is_asked_for(word: str) -> None:
    assert not fits(ASKS.team(asking(word)), offering())
    assert fits(ASKS.team(asking(word)), offering(word))


@pytest.mark.parametrize("word", VOCABULARY.needs["access"])
def test_a_van_must_offer_access(word: str) -> None:
    assert not fits(ASKS.van(asking(word)), offering(seats=1))
    assert fits(ASKS.van(asking(word)), offering(word, seats=1))


@pytest.mark.parametrize("word", [*VOCABULARY.needs["support"], *VOCABULARY.needs["population"]])
def test_nothing_about_the_person_keeps_a_team_away(word: str) -> None:
    assert ASKS.team(asking(word)) == []


def test_a_language_is_a_wish() -> None:
    request = asking("lang_es")
    assert ASKS.team(request) == []
    assert not fits(ASKS.wished(request), offering("interpreter"))
    assert fits(ASKS.wished(request), offering("lang_es"))


def test_a_language_that_is_a_must_is_spoken_or_interpreted() -> None:
    request = asking("lang_es", "lang_asl", "language_required")
    labels = ASKS.team(request)
    assert not fits(labels, offering("lang_es"))
    assert fits(labels, offering("lang_es", "lang_asl"))
    assert fits(labels, offering("interpreter"))


def test_not_even_a_must_leaves_a_person_at_imminent_risk_alone() -> None:
    request = asking("lang_es", "language_required", tier=Tier.IMMINENT)
    assert ASKS.team(request) == []
    assert not fits(ASKS.wished(request), offering())


def test_an_interpreter_can_be_wished_for() -> None:
    assert not fits(ASKS.wished(asking("interpreter")), offering())
    assert fits(ASKS.wished(asking("interpreter")), offering("interpreter"))


def custody(*may: Transporter) -> Custody:
    return Custody(LegalBasis.OFFICER_HOLD, Custodian.LAW_ENFORCEMENT, frozenset(may), 0)


def test_an_involuntary_status_is_matched_and_authority_binds_the_driver() -> None:
    request = asking("voluntary", custody=custody(Transporter.TEAM))
    assert fits(ASKS.place(request), offering("involuntary"))
    assert not fits(ASKS.place(request), offering("voluntary"))
    van, team = (offering(seats=4, transporter=who) for who in (Transporter.VAN, Transporter.TEAM))
    assert not fits(ASKS.van(request), van)
    assert fits(ASKS.van(request), team)


@pytest.mark.parametrize(
    ("escort", "van_seats", "team_seats"),
    [(None, 2, 2), (Escort.GUARDIAN, 2, 2), (Escort.OFFICER, 2, 2), (Escort.CREW, 2, 1)],
)
def test_a_minor_rides_with_an_escort_who_has_a_seat(
    escort: Escort | None, van_seats: int, team_seats: int
) -> None:
    request = asking("adolescent", guardianship=Guardianship(Consent.GIVEN, escort))
    labels = ASKS.van(request)
    for who, least in ((Transporter.VAN, van_seats), (Transporter.TEAM, team_seats)):
        assert fits(labels, offering(seats=least, transporter=who))
        assert not fits(labels, offering(seats=least - 1, transporter=who))


def test_everybody_who_rides_has_a_seat() -> None:
    assert not fits(ASKS.van(asking(seats=3)), offering(seats=2))
    assert fits(ASKS.van(asking(seats=3)), offering(seats=3))


def test_type_zone_and_agreement_bind_a_bed() -> None:
    labels = ASKS.place(asking(pool_types=("respite", "receiving")))
    elsewhere = [Agreement("F", "davis", ("respite",))]
    here = [Agreement("F", "weber", ("respite",))]
    assert fits(labels, offering(type="respite"))
    assert not fits(labels, offering(type="detox"))
    assert not fits(labels, offering(type="respite", agreements=elsewhere))
    assert fits(labels, offering(type="respite", agreements=here))
    assert not fits(labels, offering(type="receiving", agreements=here))
