"""The public face of an open promise: ids, states and clocks, never who it is about."""

from collections.abc import Mapping
from typing import Any

from referral.states import CLOSED, State

Card = dict[str, Any]


def referral_card(row: Mapping[str, Any], task_due_ms: int | None) -> Card:
    """What a console or a provider's screen shows of a referral. `closed` only by attendance."""
    return {
        "id": row["id"],
        "version": row["version"],
        "state": row["state"],
        "closed": State(row["state"]) in CLOSED,
        "slot": row["slot"],
        "provider": row["provider"],
        "source": row["source"],
        "request": row["request"],
        "starts_ms": row["starts_ms"],
        "preferred": row["preferred"],
        "acknowledge_due_ms": row["acknowledge_due_ms"],
        "acknowledged_ms": row["acknowledged_ms"],
        "escalated": row["escalated"],
        "raised": row["raised"],
        "outcome": row["outcome"],
        "task_due_ms": task_due_ms,
    }


def task_card(row: Mapping[str, Any], referral: Mapping[str, Any]) -> Card:
    """What a console shows of an outreach task."""
    return {
        "id": row["id"],
        "version": row["version"],
        "referral": row["referral"],
        "request": referral["request"],
        "provider": referral["provider"],
        "source": referral["source"],
        "reason": row["reason"],
        "opened_ms": row["opened_ms"],
        "due_ms": row["due_ms"],
        "attempts": row["attempts"],
        "escalated": row["escalated"],
        "raised": row["raised"],
        "closed_by": row["closed_by"],
    }
