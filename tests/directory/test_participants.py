"""Participants, without a database."""

from datetime import date

import pytest

from directory import EVERYWHERE, Agreement, Credential, CrewMember

LAST_DAY = date(2026, 6, 30)


def test_a_credential_is_valid_through_its_last_day() -> None:
    credential = Credential("therapist", LAST_DAY)
    assert not credential.lapsed(LAST_DAY)
    assert credential.lapsed(date(2026, 7, 1))


def test_only_the_credentials_that_ran_out_are_reported() -> None:
    peer = Credential("peer", date(2027, 1, 1))
    therapist = Credential("therapist", LAST_DAY)
    member = CrewMember("m1", "A. Crew", "t1", (peer, therapist))
    assert member.lapsed(date(2026, 7, 1)) == (therapist,)


@pytest.mark.parametrize(
    ("zone", "pool_type", "covered"),
    [("weber", "respite", True), ("davis", "respite", False), ("weber", "detox", False)],
)
def test_an_agreement_covers_its_own_zone_and_types(
    zone: str, pool_type: str, covered: bool
) -> None:
    assert Agreement("f1", "weber", ("respite",)).covers(zone, pool_type) is covered


def test_an_agreement_with_everywhere_covers_any_zone() -> None:
    assert Agreement("f1", EVERYWHERE, ("respite",)).covers("kane", "respite")
