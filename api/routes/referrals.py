"""Referrals to appointment slots, and the outreach that follows a missed one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api.acting import actor_of
from api.roles import CONTROL, Caller, Role
from api.schemas import referrals as edge
from api.schemas.edge import Uuid
from api.sense import Sensible
from api.who import May, Parts
from referral.reading import Person
from referral.referral import Refer
from referral.states import Contact, Outcome

router = APIRouter(tags=["referrals"], route_class=Sensible)
ReferralId = Annotated[Uuid, Path(alias="referral", description="the referral's id")]
TaskId = Annotated[Uuid, Path(alias="task", description="the task's id")]
Control = Annotated[Caller, Depends(May(*CONTROL))]
ControlOrProvider = Annotated[Caller, Depends(May(*CONTROL, Role.PROVIDER))]


@router.post("/referrals", status_code=201)
async def refer(body: edge.NewReferral, caller: Control, parts: Parts) -> edge.Referral:
    """Book a slot for the person of an ended request; the provider is alerted."""
    wish = Refer(
        referral=body.referral,
        request=body.request,
        slot=body.slot,
        person=Person(body.person.name, body.person.phone, body.person.note),
        warm_hand_off_indicated=body.warm_hand_off_indicated,
        warm_hand_off_received=body.warm_hand_off_received,
    )
    card = await parts.referral.refer(actor_of(caller), body.command_id, wish)
    return edge.Referral.model_validate(card)


@router.get("/referrals")
async def list_referrals(caller: ControlOrProvider, parts: Parts) -> edge.Referrals:
    """Referrals that are on the screens; a provider sees its own."""
    provider = caller.scope if caller.role is Role.PROVIDER else None
    cards = await parts.referral.open_referrals(provider=provider)
    return edge.Referrals.model_validate({"server_ms": parts.clock(), "items": cards})


@router.get("/referrals/{referral}/person")
async def read_expected_person(
    referral: ReferralId, caller: ControlOrProvider, parts: Parts
) -> edge.Expected:
    """Whom the provider expects; the reading is in the audit."""
    person = await parts.referral.details(actor_of(caller), referral)
    return edge.Expected(name=person.name, phone=person.phone, note=person.note)


@router.post("/referrals/{referral}/acknowledge")
async def acknowledge_referral(
    referral: ReferralId, body: edge.Act, caller: ControlOrProvider, parts: Parts
) -> edge.Referral:
    """The provider has seen it and expects the person."""
    card = await parts.referral.acknowledge(actor_of(caller), body.command_id, referral)
    return edge.Referral.model_validate(card)


@router.post("/referrals/{referral}/reject")
async def reject_referral(
    referral: ReferralId, body: edge.WithReason, caller: ControlOrProvider, parts: Parts
) -> edge.Referral:
    """The provider does not take the person; somebody has to act."""
    actor = actor_of(caller)
    card = await parts.referral.reject(actor, body.command_id, referral, body.reason)
    return edge.Referral.model_validate(card)


@router.post("/referrals/{referral}/rebook")
async def rebook_referral(
    referral: ReferralId, body: edge.Rebook, caller: Control, parts: Parts
) -> edge.Referral:
    """Another slot for the same person."""
    actor = actor_of(caller)
    card = await parts.referral.rebook(actor, body.command_id, referral, body.slot)
    return edge.Referral.model_validate(card)


@router.post("/referrals/{referral}/attended")
async def referral_attended(
    referral: ReferralId, body: edge.Act, caller: ControlOrProvider, parts: Parts
) -> edge.Referral:
    """Care has begun: the only thing that closes the loop."""
    card = await parts.referral.attended(actor_of(caller), body.command_id, referral)
    return edge.Referral.model_validate(card)


@router.post("/referrals/{referral}/no-show")
async def referral_no_show(
    referral: ReferralId, body: edge.Act, caller: ControlOrProvider, parts: Parts
) -> edge.Referral:
    """The person did not come: somebody reaches out, with a clock."""
    card = await parts.referral.no_show(actor_of(caller), body.command_id, referral)
    return edge.Referral.model_validate(card)


@router.post("/referrals/{referral}/undo")
async def undo_referral(
    referral: ReferralId, body: edge.Act, caller: ControlOrProvider, parts: Parts
) -> edge.Referral:
    """Attended or no-show was a slip: the referral stands as it stood before."""
    card = await parts.referral.undo(actor_of(caller), body.command_id, referral)
    return edge.Referral.model_validate(card)


@router.post("/referrals/{referral}/cancel")
async def cancel_referral(
    referral: ReferralId, body: edge.WithReason, caller: ControlOrProvider, parts: Parts
) -> edge.Referral:
    """The referral is called off; the seat is free again."""
    actor = actor_of(caller)
    card = await parts.referral.cancel(actor, body.command_id, referral, body.reason)
    return edge.Referral.model_validate(card)


@router.post("/referrals/{referral}/end")
async def end_referral(
    referral: ReferralId, body: edge.EndReferral, caller: Control, parts: Parts
) -> edge.Referral:
    """Ended, not attended: a different end, never shown as closed."""
    outcome = Outcome(body.outcome)
    card = await parts.referral.end_not_attended(
        actor_of(caller), body.command_id, referral, outcome
    )
    return edge.Referral.model_validate(card)


@router.get("/tasks")
async def list_tasks(caller: ControlOrProvider, parts: Parts) -> edge.OutreachTasks:
    """Open outreach tasks, the most urgent first; a provider sees its own."""
    provider = caller.scope if caller.role is Role.PROVIDER else None
    cards = await parts.referral.tasks(provider=provider)
    return edge.OutreachTasks.model_validate({"server_ms": parts.clock(), "items": cards})


@router.post("/tasks/{task}/attempts", status_code=201)
async def record_attempt(
    task: TaskId, body: edge.Attempt, caller: ControlOrProvider, parts: Parts
) -> edge.OutreachTask:
    """One attempt to reach the person."""
    contact = Contact(body.contact)
    card = await parts.referral.outreach_attempt(
        actor_of(caller), body.command_id, task, contact, body.note
    )
    return edge.OutreachTask.model_validate(card)
