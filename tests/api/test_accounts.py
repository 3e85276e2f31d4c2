"""A supervisor decides who may log in; everything about it is in the audit, but for passwords."""

from typing import Any

import pytest
from sqlalchemy import select

from record.tables import audit
from tests.api.house import House, command

pytestmark = pytest.mark.slow

PASSWORD = "a long password of mine"


def wish(name: str = "mary", role: str = "dispatcher", **more: Any) -> dict[str, Any]:
    return {"command_id": command(), "name": name, "role": role, "password": PASSWORD} | more


async def log_in(house: House, name: str, password: str = PASSWORD) -> Any:
    return await house.client.post("/v1/sessions", json={"name": name, "password": password})


async def may(house: House, token: str) -> int:
    me = await house.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
    return me.status_code


async def test_an_account_that_was_made_logs_in(house: House) -> None:
    made = await house.do("supervisor", "/v1/accounts", **wish())
    assert "password" not in str(made)
    answer = await log_in(house, "mary")
    assert answer.json()["account"]["id"] == made["id"]
    listed = (await house.get("supervisor", "/v1/accounts"))["items"]
    assert made in listed
    assert [each["name"] for each in listed] == sorted(each["name"] for each in listed)


async def test_an_account_is_made_for_a_place_or_a_unit(house: House) -> None:
    scopes = {"facility": "facility-1", "provider": "provider-1", "field": "team:team-1"}
    for role, scope in scopes.items():
        made = await house.do(
            "supervisor", "/v1/accounts", **wish(f"mary-{role}", role, scope=scope)
        )
        assert (made["role"], made["scope"]) == (role, scope)


CANNOT_BE: list[tuple[dict[str, Any], int]] = [
    ({"role": "facility"}, 422),
    ({"role": "facility", "scope": "nowhere"}, 422),
    ({"role": "field", "scope": "team:nobody"}, 422),
    ({"role": "field", "scope": "facility-1"}, 422),
    ({"scope": "facility-1"}, 422),
    ({"role": "wall"}, 422),
    ({"password": "short"}, 422),
    ({"name": ""}, 422),
    ({"name": "supervisor"}, 409),
]


async def test_an_account_that_cannot_be_is_refused(
    house: House, subtests: pytest.Subtests
) -> None:
    for change, code in CANNOT_BE:
        with subtests.test(change=change):
            await house.refused("supervisor", "/v1/accounts", code, **(wish() | change))


async def test_a_retry_makes_no_second_account_and_another_body_is_refused(house: House) -> None:
    body = wish()
    made = await house.do("supervisor", "/v1/accounts", **body)
    assert await house.do("supervisor", "/v1/accounts", **body) == made
    await house.refused("supervisor", "/v1/accounts", 409, **(body | {"role": "supervisor"}))
    await house.refused("supervisor", "/v1/accounts", 409, **(body | {"password": "x" * 12}))


async def test_a_disabled_account_ends_at_once_and_a_new_password_brings_it_back(
    house: House,
) -> None:
    made = await house.do("supervisor", "/v1/accounts", **wish())
    path = f"/v1/accounts/{made['id']}"
    token = (await log_in(house, "mary")).json()["token"]
    assert await may(house, token) == 200
    ended = await house.do("supervisor", f"{path}/disable", command_id=command())
    assert ended["disabled_ms"] is not None
    assert await may(house, token) == 401
    assert (await log_in(house, "mary")).status_code == 401
    fresh = "another password of mine"
    renewed = await house.do("supervisor", f"{path}/password", command_id=command(), password=fresh)
    assert renewed == made
    assert await may(house, token) == 401, "an old session never comes back"
    assert (await log_in(house, "mary")).status_code == 401
    assert (await log_in(house, "mary", fresh)).status_code == 201


async def test_a_new_password_ends_the_sessions_of_the_old_one(house: House) -> None:
    made = await house.do("supervisor", "/v1/accounts", **wish())
    token = (await log_in(house, "mary")).json()["token"]
    path = f"/v1/accounts/{made['id']}/password"
    await house.do("supervisor", path, command_id=command(), password=PASSWORD)
    assert await may(house, token) == 401
    again = (await log_in(house, "mary")).json()["token"]
    assert await may(house, again) == 200


async def test_nobody_locks_themselves_out(house: House) -> None:
    me = await house.get("supervisor", "/v1/me")
    path = f"/v1/accounts/{me['id']}/disable"
    await house.refused("supervisor", path, 422, command_id=command())


async def test_an_account_that_is_not_there_is_unknown(house: House) -> None:
    for act, more in (("disable", {}), ("password", {"password": PASSWORD})):
        path = f"/v1/accounts/nobody/{act}"
        await house.refused("supervisor", path, 404, command_id=command(), **more)


async def test_the_audit_has_every_change_and_no_password(house: House) -> None:
    made = await house.do("supervisor", "/v1/accounts", **wish())
    path = f"/v1/accounts/{made['id']}"
    await house.do("supervisor", f"{path}/disable", command_id=command())
    await house.do("supervisor", f"{path}/disable", command_id=command())
    await house.do("supervisor", f"{path}/password", command_id=command(), password=PASSWORD)
    async with house.journal.engine.connect() as connection:
        about = select(audit).where(audit.c.subject_id == made["id"]).order_by(audit.c.at_ms)
        lines = (await connection.execute(about)).all()
    assert [line.action for line in lines] == [
        "account.created",
        "account.disabled",
        "account.renewed",
    ]
    assert {line.actor_role for line in lines} == {"supervisor"}
    assert PASSWORD not in str(lines)
