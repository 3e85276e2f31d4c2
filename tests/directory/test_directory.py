"""The directory on a real PostgreSQL."""

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from directory import (
    Agreement,
    Credential,
    CrewMember,
    Directory,
    Facility,
    Organization,
    Service,
)
from record import Actor
from record.errors import ConstraintBroken
from record.journal import Journal
from record.tables import audit

pytestmark = pytest.mark.slow

SAM = Actor(id="sam", role="supervisor", scope=None, name="Sam")
VALLEY = Organization("o1", "Valley Care", "555-0100", fictional=True)
HOUSE = Facility("f1", "o1", "Valley House", "weber", -111.9, 41.2, "555-0101", "respite", True)


@pytest.fixture
def directory(engine: AsyncEngine) -> Directory:
    return Directory(Journal(engine))


async def test_what_is_put_is_read_back(directory: Directory) -> None:
    service = Service("s1", "f1", "Respite", "respite", ("adult", "voluntary"), "555-0102")
    agreement = Agreement("f1", "*", ("respite",))
    await directory.put_organization(VALLEY, SAM)
    await directory.put_facility(HOUSE, SAM)
    await directory.put_service(service, SAM)
    await directory.put_agreement(agreement, SAM)
    assert await directory.organizations() == (VALLEY,)
    assert await directory.facilities() == (HOUSE,)
    assert await directory.facility("f1") == HOUSE
    assert await directory.facility("f2") is None
    assert await directory.services() == (service,)
    assert await directory.agreements() == (agreement,)


async def test_a_second_put_replaces_the_first_and_both_are_audited(
    directory: Directory, engine: AsyncEngine
) -> None:
    renamed = Organization("o1", "Valley Care North")
    await directory.put_organization(VALLEY, SAM)
    await directory.put_organization(renamed, SAM)
    assert await directory.organizations() == (renamed,)
    async with engine.connect() as connection:
        lines = (await connection.execute(select(audit))).all()
    assert [(line.action, line.subject_id, line.actor_id) for line in lines] == [
        ("directory.put_organization", "o1", "sam")
    ] * 2


async def test_a_facility_of_an_unknown_organization_is_refused(directory: Directory) -> None:
    with pytest.raises(ConstraintBroken, match="fk_facility_organization_organization"):
        await directory.put_facility(HOUSE, SAM)


async def test_a_crew_is_read_by_team_with_the_newest_credentials(directory: Directory) -> None:
    peer = Credential("peer", date(2027, 1, 1))
    therapist = Credential("therapist", date(2026, 6, 30))
    await directory.put_member(CrewMember("m1", "A. Crew", "t1", (therapist,)), SAM)
    await directory.put_member(CrewMember("m1", "A. Crew", "t1", (peer, therapist)), SAM)
    await directory.put_member(CrewMember("m2", "B. Crew", "t1"), SAM)
    await directory.put_member(CrewMember("m3", "C. Crew", None), SAM)
    assert await directory.crew("t1") == (
        CrewMember("m1", "A. Crew", "t1", (peer, therapist)),
        CrewMember("m2", "B. Crew", "t1"),
    )
    assert len(await directory.members()) == 3
