"""Deny by default: every door says who may, and the whole list is here to be read."""

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from api.app import doors
from api.errors import Refusal
from api.problems import TABLE
from api.roles import CONTROL, EVERYONE, Role
from api.services import Settings
from api.who import require_roles, roles_of
from dispatch import errors as dispatch
from record import errors as record
from referral import errors as referral
from registry import errors as registry

OPEN = {"log_in", "livez", "readyz", "metrics", "osmand_get", "osmand_post"}
FACILITY, FIELD, PROVIDER = (
    frozenset({role}) for role in (Role.FACILITY, Role.FIELD, Role.PROVIDER)
)
SUPERVISOR = frozenset({Role.SUPERVISOR})
EXPECTED = {
    EVERYONE - {Role.WALL}: {"log_out"},
    EVERYONE: {"me", "read_region", "read_map", "make_ticket"},
    EVERYONE - {Role.LAW_ENFORCEMENT}: {"list_facilities"},
    SUPERVISOR: {
        "make_wall_token", "wall_tokens", "revoke_wall_token",
        "define_team", "define_van", "define_pool",
        "count_positions", "make_tracker", "list_trackers", "revoke_tracker",
        "list_accounts", "make_account", "disable_account", "renew_account",
    },
    SUPERVISOR | PROVIDER: {"define_slot"},
    SUPERVISOR | FIELD: {"report_positions"},
    CONTROL: {
        "list_colleagues", "open_request", "list_requests", "read_recommendation",
        "read_downtime_board",
        "disown", "acknowledge_alarm", "take_back",
        "find_duplicates", "triage", "own", "join", "accept", "override", "cancel", "share",
        "call_rescue", "confirm_rescue", "hand_over", "unmet_needs", "list_teams", "list_vans",
        "settle", "refer", "rebook_referral", "end_referral", "take_check_in", "acknowledge_panic",
        "end_panic", "list_closures", "put_closure", "lift_closure", "ask_ways", "read_moving",
    },
    CONTROL | {Role.WALL}: {"ask_reach"},
    CONTROL | FIELD: {
        "read_request", "add_note", "crew_answer", "step", "ask_place", "resolve",
        "report_team_status", "report_van_status", "all_well", "press_panic",
        "read_rider", "step_ride",
    },
    CONTROL | FIELD | PROVIDER: {"list_rides"},
    CONTROL | FACILITY: {
        "facility_answer", "list_pools", "report_counts", "walk_in", "still_true", "not_true",
        "pause_pool",
        "resume_pool",
    },
    CONTROL | PROVIDER: {
        "list_slots", "list_referrals", "read_expected_person", "acknowledge_referral",
        "reject_referral", "referral_attended", "referral_no_show", "cancel_referral",
        "undo_referral",
        "list_tasks", "record_attempt", "ask_ride", "cancel_ride",
    },
    FACILITY: {"read_pad"},
    FIELD: {"read_packet"},
    frozenset({Role.LAW_ENFORCEMENT}): {"read_shared_request"},
}  # fmt: skip


def test_each_door_lets_these_roles_pass_and_no_others() -> None:
    found: dict[frozenset[Role], set[str]] = {}
    for route in iter_route_contexts(doors(Settings()).routes):
        if isinstance(route.original_route, APIRoute) and route.name not in OPEN:
            roles = roles_of(route)
            assert roles is not None, f"{route.path} does not say who may"
            found.setdefault(roles, set()).add(str(route.name))
    assert found == EXPECTED


def test_a_door_that_says_nothing_is_refused_at_start() -> None:
    app = FastAPI()

    @app.get("/forgotten")
    async def forgotten() -> None:
        return None

    with pytest.raises(ValueError, match="/forgotten does not say who may"):
        require_roles(app)


def _leaves(root: type[Exception]) -> set[type[Exception]]:
    children = root.__subclasses__()
    return {leaf for child in children for leaf in _leaves(child)} if children else {root}


@pytest.mark.parametrize(
    "root",
    [Refusal, dispatch.DispatchError, record.RecordError, referral.ReferralError],
)
def test_every_error_of_a_room_has_an_answer(root: type[Exception]) -> None:
    unanswered = {
        leaf.__name__ for leaf in _leaves(root) if not any(kind in TABLE for kind in leaf.__mro__)
    }
    assert unanswered <= {"Unaudited"}, "which is a fault of ours, never of a call"


def test_what_only_processes_meet_has_no_answer() -> None:
    """A lost position, a fence or an unsuitable server never comes from a call."""
    unanswered = {
        leaf.__name__
        for leaf in _leaves(registry.RegistryError)
        if not any(kind in TABLE for kind in leaf.__mro__)
    }
    assert unanswered == {"PositionLost", "Fenced", "UnsuitableServer"}


def test_the_document_names_each_operation_once_and_each_refusal() -> None:
    document = doors(Settings()).openapi()
    operations = [
        operation for methods in document["paths"].values() for operation in methods.values()
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    for operation in operations:
        if operation["operationId"] not in OPEN:
            assert {"401", "403", "503"} <= operation["responses"].keys()
    assert (
        "application/problem+json" in document["components"]["responses"]["Problem404"]["content"]
    )
    assert {"Snapshot", "Delta", "WallZone"} <= document["components"]["schemas"].keys()
