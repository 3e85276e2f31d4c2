"""Who reads what of a person, and what stays in the record of it."""

from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import text

from dispatch import commands
from dispatch.errors import (
    Conflict,
    Invalid,
    NotFound,
    NotYours,
)
from dispatch.request import Bundle, Custody, Person
from dispatch.words import (
    Custodian,
    Event,
    LegalBasis,
    Need,
    Settled,
    Transporter,
    Urgency,
)
from record import Actor
from record.actor import system
from tests.dispatch.house import (
    ADA,
    DANA,
    ERIN,
    FACILITY,
    POLICY,
    House,
    an_id,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]
KEEPER = system("keeper")


# the timeline


async def test_the_timeline_says_who_did_what_and_why_and_names_no_person(house: House) -> None:
    request = await house.opened(person=Person(name="Ada Example"))
    await house.dispatch.request(ERIN, request)
    resolve = commands.Resolve(an_id(), request, Event.PERSON_REFUSES, reason="wants no visit")
    await house.dispatch.resolve(DANA, resolve)
    await house.dispatch.settle(DANA, commands.Settle(an_id(), request, Settled.DECLINED))
    timeline = (await house.dispatch.request(ERIN, request)).timeline
    assert [(deed.by, deed.action, deed.reason) for deed in timeline] == [
        ("Dana", "opened", None),
        ("Dana", "person_refuses", "wants no visit"),
        ("Dana", "settled", "declined"),
    ]
    assert [deed.at_ms for deed in timeline] == sorted(deed.at_ms for deed in timeline)
    reads = await house.rows("SELECT 1 FROM audit WHERE action = 'request.read'")
    assert len(reads) == 2


# privacy


async def test_identity_is_in_its_own_table_and_nowhere_else(house: House) -> None:
    request = await house.accepted(person=ADA)
    await house.dispatch.note(DANA, commands.AddNote(an_id(), request, "Ada is calm"))
    for table in ("crisis_request", "outbox", "audit", "command", "place_promise"):
        kept = str(await house.rows(f"SELECT * FROM {table}"))
        for secret in ("Ada", "Hidden Lane", "5550100", "555-0100"):
            assert secret not in kept, table
    snapshot = msgspec.json.encode(await house.registry.snapshot()).decode()
    assert "Ada" not in snapshot
    assert "Hidden" not in snapshot


async def test_the_database_shows_identity_to_those_in_the_persons_care_only(
    house: House,
) -> None:
    request = await house.opened(person=ADA)
    assert await house.rows("SELECT * FROM request_person") == []
    for role, sees in (
        ("dispatcher", 1),
        ("field", 1),
        ("facility", 0),
        ("provider", 0),
        ("wall", 0),
        ("law_enforcement", 0),
    ):
        async with house.journal.transaction(Actor("a-x", role, None, "X")) as tx:
            found = await tx.connection.execute(text("SELECT * FROM request_person"))
            assert len(found.all()) == sees, role
    officer = Actor("a-law", "law_enforcement", None, "Officer")
    with pytest.raises(NotFound):
        await house.dispatch.request(officer, request)
    await house.dispatch.share_with_law_enforcement(
        DANA, commands.ShareWithLawEnforcement(an_id(), request, "threat")
    )
    assert (await house.dispatch.request(officer, request)).person.address == "12 Hidden Lane"


async def test_every_read_of_a_request_is_audited(house: House) -> None:
    request = await house.opened(person=ADA)
    dossier = await house.dispatch.request(ERIN, request)
    assert dossier.person.name == "Ada Example"
    (line,) = await house.rows("SELECT * FROM audit WHERE action = 'request.read'")
    assert (line.actor_id, line.subject_id) == (ERIN.id, request)


async def test_sharing_with_law_enforcement_is_an_explicit_logged_act(house: House) -> None:
    request = await house.opened(person=ADA)
    receipt = await house.dispatch.share_with_law_enforcement(
        DANA, commands.ShareWithLawEnforcement(an_id(), request, "serious and imminent threat")
    )
    assert receipt.card["shared_le"] is True
    (line,) = await house.rows(
        "SELECT * FROM audit WHERE action = 'request.shared_with_law_enforcement'"
    )
    assert (line.actor_id, line.reason) == (DANA.id, "serious and imminent threat")


async def test_only_dispatch_opens_requests(house: House) -> None:
    command = commands.OpenRequest(an_id(), an_id(), "weber", "Ogden", -111.97, 41.22)
    with pytest.raises(NotYours):
        await house.dispatch.open(FACILITY, command)
    assert (await house.dispatch.open(system("telephony"), command)).version == 1


async def test_unknown_risk_opens_as_high(house: House) -> None:
    command = commands.OpenRequest(
        an_id(), an_id(), "weber", "Ogden", -111.97, 41.22, urgency=Urgency.ROUTINE
    )
    receipt = await house.dispatch.open(DANA, command)
    assert receipt.card["tier"] == "high"


async def test_custody_counts_from_when_it_began(house: House) -> None:
    since_ms = house.time() - 3_600_000
    custody = Custody(
        LegalBasis.OFFICER_HOLD,
        Custodian.LAW_ENFORCEMENT,
        frozenset({Transporter.LAW_ENFORCEMENT}),
        since_ms,
    )
    request = await house.opened(custody=custody)
    found = await house.request(request)
    assert found.custody_due_ms == since_ms + POLICY.clocks.custody_s * 1000
    assert found.needs.place is Need.POSSIBLE
    with pytest.raises(Invalid):
        await house.opened(custody=replace(custody, since_ms=house.time() + 60_000))


async def test_an_acceptance_that_says_what_was_seen_is_kept_and_its_retry_answered(
    house: House,
) -> None:
    request = await house.opened()
    seen = {("team", "t-1"): (await house.team()).version, ("pool", "p-1"): 0}
    accept = commands.Accept(an_id(), request, Bundle(team="t-1"), seen)
    first = await house.dispatch.accept(DANA, accept)
    again = replace(accept, seen=dict(reversed(seen.items())))
    assert await house.dispatch.accept(DANA, again) == first
    with pytest.raises(Conflict):
        await house.dispatch.accept(DANA, replace(accept, seen={("team", "t-1"): 99}))
