"""Referrals to slots, attendance, and the outreach that follows a missed one."""

from typing import Literal

from pydantic import Field

from api.schemas.edge import Answer, Body, Command, Id, Millis, Phone, Reason, Text, Uuid

ReferralState = Literal[
    "requested", "accepted", "rejected", "on-hold", "cancelled", "failed", "completed"
]


class Expected(Body):
    """Whom the provider expects: kept apart, every read is audited."""

    name: Text = ""
    phone: Phone | Literal[""] = ""
    note: Text = ""


class NewReferral(Command):
    """Books the slot for the person of an ended request and alerts the provider."""

    referral: Uuid = Field(description="the new referral's id, made by the caller: UUIDv7")
    request: Uuid
    slot: Id
    person: Expected = Expected()
    warm_hand_off_indicated: bool = False
    warm_hand_off_received: bool = False


class Referral(Answer):
    """The public face of a referral; `closed` only by attendance."""

    id: Id
    version: int
    state: ReferralState
    closed: bool
    slot: str
    provider: str
    source: str | None
    request: str
    starts_ms: Millis
    preferred: bool = Field(description="starts 24 to 48 h after the crisis")
    acknowledge_due_ms: int | None
    acknowledged_ms: int | None
    escalated: bool
    raised: bool = Field(description="a supervisor's now")
    outcome: str | None
    task_due_ms: int | None


class Referrals(Answer):
    server_ms: Millis
    items: list[Referral]


class Rebook(Command):
    slot: Id


class Act(Command):
    """Acknowledged, attended or no-show: one tap."""


class WithReason(Command):
    reason: Reason


class EndReferral(Command):
    """Ended, not attended: never the same as closed."""

    outcome: Literal[
        "got_help", "could_not_contact", "not_eligible", "no_capacity", "no_longer_interested"
    ]


class OutreachTask(Answer):
    id: Id
    version: int
    referral: str
    request: str
    provider: str
    source: str | None
    reason: Literal["no_show", "rejected", "attendance_unknown", "caring_connection"]
    opened_ms: Millis
    due_ms: Millis
    attempts: int
    escalated: bool
    raised: bool = Field(description="a supervisor's now")
    closed_by: str | None


class OutreachTasks(Answer):
    server_ms: Millis
    items: list[OutreachTask]


class Attempt(Command):
    contact: Literal["reached", "left_message", "no_answer", "wrong_number", "declined"]
    note: Text = ""
