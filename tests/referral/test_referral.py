"""Who may read a referral, and how long it stays on the screens."""

import pytest

from referral.errors import NotYours
from tests.referral.house import H_MS, KEEPER, OTHER, PERSON, PROVIDER, House, an_id

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]


async def test_a_provider_touches_and_reads_only_its_own(house: House) -> None:
    card = await house.referred()
    with pytest.raises(NotYours):
        await house.referral.attended(OTHER, an_id(), card["id"])
    with pytest.raises(NotYours):
        await house.referral.details(OTHER, card["id"])
    assert await house.referral.open_referrals(provider="elsewhere") == []


async def test_every_read_of_who_is_expected_leaves_an_audit_line(house: House) -> None:
    card = await house.referred()
    assert await house.referral.details(PROVIDER, card["id"]) == PERSON
    lines = await house.rows(
        "SELECT actor_id FROM audit WHERE action = 'referral.details' ORDER BY at_ms"
    )
    assert [line.actor_id for line in lines] == [PROVIDER.id]


async def test_what_has_ended_leaves_the_screens_after_a_day_and_stays_in_the_record(
    house: House,
) -> None:
    card = await house.referred()
    await house.referral.attended(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 25 * H_MS
    await house.referral.watch.tick(KEEPER)
    assert await house.card("referral", card["id"]) is None
    assert (await house.referral.referral(PROVIDER, card["id"]))["state"] == "completed"


async def test_the_migration_makes_what_the_tables_say(house: House) -> None:
    from referral import store

    for table in (store.referrals, store.details, store.seats, store.tasks, store.attempts):
        found = await house.rows(
            "SELECT column_name, is_nullable FROM information_schema.columns"
            f" WHERE table_name = '{table.name}'"
        )
        assert {(c.name, "YES" if c.nullable else "NO") for c in table.columns} == {
            tuple(row) for row in found
        }
