"""What a person needs, of the team, the van and whoever rides along."""

from dataclasses import fields, replace

from directory.participants import Agreement
from dispatch.planning.situation import Situation
from dispatch.request import CrisisRequest, Custody, Guardianship, Needs
from dispatch.words import Consent, Escort, Need, Tier, Transporter
from optimizer.problem import SELF as DRIVES_ITSELF
from optimizer.problem import Bundle as Planned
from tests.dispatch.planning.situation import (
    RULES,
    a_pool,
    a_request,
    a_slot,
    a_team,
    a_van,
    by,
    involuntary,
    recommended,
    riding,
    waiting,
)


def test_what_a_place_must_take_comes_from_the_needs() -> None:
    request = waiting(need=Need.NEEDED, team=False, words={"adolescent", "voluntary"})
    best = recommended(
        request,
        {("R1", "P2"): 60},
        pools=by(a_pool("P1"), a_pool("P2", takes=("adolescent", "voluntary"))),
    )
    assert best.pool == "P2"
    assert "Unit P1 is nearer (10 min) but does not declare to take: adolescent" in best.why.place


def test_the_reason_why_nobody_is_taken_is_told_in_words_of_the_vocabulary() -> None:
    request = waiting(need=Need.NEEDED, team=False, words={"adult", "withdrawal"})
    best = recommended(request, pools=by(a_pool("P1"), a_pool("P2")))
    assert [(u.reason, u.count, u.text) for u in best.unserved] == [
        ("lacks", 2, "2 places: does not declare to take: withdrawal")
    ]


def test_a_team_with_the_crew_that_is_asked_for_is_sent() -> None:
    best = recommended(
        a_request(words={"designated_examiner"}),
        {("T1", "R1"): 1, ("T2", "R1"): 40},
        teams=by(a_team("T1"), a_team("T2", offers=("designated_examiner",))),
    )
    assert best.team == "T2"
    assert "Team T1 is nearer (1 min) but does not offer: designated examiner" in best.why.team


def test_support_needs_never_keep_a_team_away() -> None:
    words = {"substance_use", "aggression", "medical_needs", "intellectual_disability"}
    assert recommended(a_request(words=words), teams=by(a_team(offers=()))).team == "T1"


def test_a_language_is_a_wish_that_costs_minutes_and_never_leaves_a_person_alone() -> None:
    request = a_request(words={"lang_es"})
    teams = by(a_team("T1"), a_team("T2", offers=("lang_es",)))
    near, far = {("T1", "R1"): 5, ("T2", "R1"): 12}, {("T1", "R1"): 5, ("T2", "R1"): 60}
    assert recommended(request, near, teams=teams).team == "T2"
    best = recommended(request, far, teams=teams)
    assert best.team == "T1"
    assert best.warnings == ["Nobody in Team T1 speaks Spanish: call an interpreter."]


def test_a_lapsed_credential_warns_and_does_not_leave_a_person_alone() -> None:
    best = recommended(
        a_request(tier=Tier.IMMINENT), teams=by(a_team()), lapsed={"T1": ("therapist",)}
    )
    assert best.team == "T1"
    assert best.warnings == [
        "A credential in Team T1 has lapsed (therapist): a supervisor gives a reason."
    ]


def test_the_type_that_was_named_first_is_preferred_and_others_are_refused() -> None:
    request = waiting(need=Need.NEEDED, team=False, pool_types=("respite", "receiving"))
    pools = by(
        a_pool("P1", type="inpatient_adult"),
        a_pool("P2", type="receiving"),
        a_pool("P3", type="respite"),
    )
    assert recommended(request, pools=pools).pool == "P3"
    del pools["P3"], pools["P2"]
    best = recommended(request, pools=pools)
    assert [u.text for u in best.unserved] == ["1 place: is not of the type respite or receiving"]


def test_the_persons_own_choice_counts() -> None:
    request = waiting(need=Need.NEEDED, team=False, facility="F-P2")
    minutes = {("R1", "P1"): 5, ("R1", "P2"): 15}
    assert recommended(request, minutes, pools=by(a_pool("P1"), a_pool("P2"))).pool == "P2"


def test_who_declined_is_not_asked_again() -> None:
    request = replace(
        waiting(need=Need.NEEDED),
        excluded_teams=frozenset({"T1"}),
        excluded_facilities=frozenset({"F-P1"}),
    )
    best = recommended(
        request,
        {("T1", "R1"): 1, ("R1", "P1"): 1},
        teams=by(a_team("T1"), a_team("T2")),
        pools=by(a_pool("P1"), a_pool("P2")),
    )
    assert (best.team, best.pool) == ("T2", "P2")
    assert "Team T1 is nearer (1 min) but has declined" in best.why.team


def test_an_agreement_limits_from_where_a_facility_takes_people() -> None:
    request = waiting(need=Need.NEEDED, team=False)
    pools = by(a_pool("P1"), a_pool("P2"))
    minutes = {("R1", "P1"): 1, ("R1", "P2"): 30}
    elsewhere = {"F-P1": [Agreement("F-P1", "davis", ("receiving",))]}
    best = recommended(request, minutes, pools=pools, agreements=elsewhere)
    assert best.pool == "P2"
    assert "has no agreement for people of weber" in best.why.place
    everywhere = {"F-P1": [Agreement("F-P1", "*", ("receiving",))]}
    assert recommended(request, minutes, pools=pools, agreements=everywhere).pool == "P1"


def test_a_van_must_carry_a_wheelchair_and_all_who_ride() -> None:
    request = riding(words={"wheelchair", "adult"}, seats=2)
    vans = by(
        a_van("V1", offers=("wheelchair",), seats=1),
        a_van("V2", offers=(), seats=4),
        a_van("V3", offers=("wheelchair",), seats=2),
    )
    pools = by(a_pool(takes=("adult", "wheelchair")))
    assert recommended(request, vans=vans, pools=pools, teams=by(a_team())).van == "V3"


def test_a_team_with_a_seat_drives_the_person_itself_when_no_van_can_come() -> None:
    best = recommended(riding(), teams=by(a_team(seats=2)), pools=by(a_pool()))
    assert best.van == "self"
    assert best.why.van == "The team drives the person itself."
    assert best.bundle == Planned("T1", DRIVES_ITSELF, "P1")


SECURE = by(a_pool(takes=("adult", "involuntary")))


def test_a_place_for_an_involuntary_person_must_declare_it() -> None:
    request = involuntary(Transporter.VAN)
    best = recommended(request, teams=by(a_team()), vans=by(a_van()), pools=by(a_pool()))
    assert best.pool is None
    assert any("involuntary" in told.text for told in best.unserved)


def test_under_custody_only_who_is_named_drives() -> None:
    given = {"teams": by(a_team(seats=2)), "vans": by(a_van(offers=("secure",))), "pools": SECURE}
    assert recommended(involuntary(Transporter.VAN), **given).van == "V1"
    assert recommended(involuntary(Transporter.TEAM), **given).van == "self"
    by_police = recommended(involuntary(Transporter.LAW_ENFORCEMENT), **given)
    assert by_police.van is None
    assert by_police.pool == "P1"
    assert by_police.why.van == "Under this custody law enforcement transports."


def test_an_involuntary_status_without_a_basis_is_pointed_out() -> None:
    request = riding(words={"adult", "involuntary"})
    best = recommended(request, teams=by(a_team()), vans=by(a_van()), pools=SECURE)
    assert any("without a legal basis" in warning for warning in best.warnings)


def test_insurance_residency_and_immigration_are_inputs_nowhere() -> None:
    forbidden = ("insur", "resid", "immigra", "payer", "citizen", "medicaid")
    known = [
        field.name for kind in (CrisisRequest, Needs, Situation, Custody) for field in fields(kind)
    ]
    words = [word for word in RULES.vocabulary.words if word != "residential_crisis"]
    assert not [name for name in (*known, *words) if any(part in name for part in forbidden)]


def test_before_the_ride_of_a_minor_escort_and_consent_are_asked_for() -> None:
    request = riding(words={"adolescent", "voluntary"})
    given = {
        "teams": by(a_team()),
        "vans": by(a_van()),
        "pools": by(a_pool(takes=("adolescent", "voluntary"))),
    }
    assert recommended(request, **given).warnings == [
        "Before the ride: a minor needs an escort: record who rides along."
    ]
    escorted = replace(request, guardianship=Guardianship(Consent.REFUSED, Escort.GUARDIAN))
    assert recommended(escorted, **given).warnings == [
        "Before the ride: the guardian's consent is missing."
    ]
    consent = replace(request, guardianship=Guardianship(Consent.GIVEN, Escort.GUARDIAN))
    assert recommended(consent, **given).warnings == []
    assert recommended(consent, **given | {"vans": by(a_van(seats=1))}).van is None
    slot = waiting(need=Need.NEEDED, slot=True, team=False, words={"adolescent"})
    assert recommended(slot, slots=by(a_slot(takes=("adolescent",)))).warnings == []


def test_a_language_that_is_a_must_keeps_other_teams_away_and_says_so() -> None:
    request = a_request(words={"lang_es", "language_required"})
    teams = [a_team("T1"), a_team("T2", offers=("interpreter",))]
    best = recommended(request, {("T1", "R1"): 1}, teams=by(*teams))
    assert best.team == "T2"
    assert best.warnings == ["Nobody in Team T2 speaks Spanish: it brings an interpreter."]
    alone = recommended(request, teams=by(teams[0]))
    assert [told.text for told in alone.unserved] == [
        "1 team: does not speak Spanish and brings no interpreter"
    ]
