"""What people do with a request: each is one command."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.edge import (
    Body,
    ColleagueId,
    Command,
    Expected,
    Id,
    Name,
    Reason,
    ResourceKind,
    Text,
    Told,
    Uuid,
    Version,
    Word,
)


class Bundle(Body):
    team: Id | None = None
    van: Id | None = Field(default=None, description="a van's id, or `self`: the team drives")
    pool: Id | None = None
    slot: Id | None = None
    backup: Id | None = Field(default=None, description="the pool to ask next")


class Seen(Body):
    """The version of a resource that the caller had on the screen."""

    kind: ResourceKind
    id: Id
    version: Version


class Accept(Told):
    """Claims what the request needs now: all or nothing; a refusal says which and why."""

    bundle: Bundle
    seen: list[Seen] = Field(default=[], max_length=8)
    eta_ms: Expected | None = None
    arrive_ms: Expected | None = None
    reason: Reason | None = Field(default=None, description="a supervisor's, for a warning")


class Override(Told):
    """Accept something other than what was recommended, and say why."""

    bundle: Bundle
    reason: Reason
    seen: list[Seen] = Field(default=[], max_length=8)
    eta_ms: Expected | None = None
    arrive_ms: Expected | None = None
    divert: bool = Field(default=False, description="take a unit away from another request")


class FacilityAnswer(Told):
    answer: Literal["accepted", "declined"]
    by_name: Name = Field(description="who at the facility answered")
    reason: Word | None = Field(default=None, description="coded; required for a decline")
    by_phone: bool = Field(default=False, description="a dispatcher took it down")


class CrewAnswer(Told):
    answer: Literal["acknowledged", "declined"]
    by_name: Name
    reason: Word | None = None
    by_phone: bool = False


class Step(Told):
    step: Literal["en_route", "on_scene", "transporting", "arrived", "handed_over"]


class NewNote(Told):
    text: Annotated[Text, Field(min_length=1)]


class Own(Command):
    """Take a request, or give it to somebody; its last owner sees who has it now."""

    owner: ColleagueId | None = Field(default=None, description="left out: the caller")


class Disown(Command):
    """Undo taking a request; refused when somebody else owns it by now."""

    to: ColleagueId | None = Field(
        default=None, description="whom it was taken from; left out: nobody"
    )


class AcknowledgeAlarm(Command):
    """The alarm was heard: it is quiet on every screen until its next escalation."""


class TakeBack(Command):
    """Undo an acceptance; refused once the crew or the facility has answered."""


class Join(Command):
    into: Uuid = Field(description="the request that stays")


class AskPlace(Command):
    """After the assessment: the place that was possible is needed now."""

    pool: Id | None = Field(default=None, description="left out: the plan's choice")
    slot: Id | None = None
    van: Id | None = None
    backup: Id | None = None
    seen: list[Seen] = Field(default=[], max_length=8)
    arrive_ms: Expected | None = None


class Resolve(Told):
    outcome: Literal[
        "resolved_on_scene",
        "resolved_by_phone",
        "ems_handed_over",
        "person_refused",
        "could_not_locate",
    ]
    safety_plan: bool = False
    reason: Reason | None = None


class Cancel(Command):
    reason: Reason


class Settle(Command):
    """Settle the follow-up of an ended request; booking a referral does that by itself."""

    how: Literal["declined", "not_needed", "in_care", "could_not_contact"]
    reason: Reason | None = Field(
        default=None, description="required for not_needed and could_not_contact"
    )


class Share(Command):
    """Share place and safety with law enforcement: an explicit act with its basis."""

    reason: Reason


class CallRescue(Command):
    """Rescue was called (EMS / 911); the clock for confirmed contact runs from now."""


class RescueConfirmed(Command):
    by_name: Name = Field(description="who confirmed that rescue reached the person")


class HandOver(Command):
    to: ColleagueId = Field(description="account that takes over")
    source: Id | None = Field(default=None, description="a supervisor may hand over another's")
