"""Crisis requests: each command is one call of dispatch.

Whose request it is, dispatch decides where the command is kept: a crew whose last answer was lost
sends it again when it no longer has the request, and gets the same answer.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api import scope
from api.acting import actor_of
from api.errors import BadInput
from api.roles import CONTROL, Caller, Role
from api.schemas import acts, intake, recommendation
from api.schemas import requests as edge
from api.schemas.edge import Uuid
from api.sense import Sensible
from api.translate import requests as inside
from api.who import May, Now, Parts, Planner
from dispatch import commands
from dispatch.words import Settled

router = APIRouter(tags=["requests"], route_class=Sensible)
RequestId = Annotated[Uuid, Path(alias="request", description="the request's id")]
Control = Annotated[Caller, Depends(May(*CONTROL))]
ControlOrField = Annotated[Caller, Depends(May(*CONTROL, Role.FIELD))]
ControlOrFacility = Annotated[Caller, Depends(May(*CONTROL, Role.FACILITY))]
LawEnforcement = Annotated[Caller, Depends(May(Role.LAW_ENFORCEMENT))]


@router.post("/requests", status_code=201)
async def open_request(body: intake.NewRequest, caller: Control, parts: Parts) -> edge.Done:
    """Open a crisis request. It is on record before this answers."""
    zone = parts.region.locate(body.lon, body.lat)
    if zone is None:
        raise BadInput("the place is outside the region")
    owner = caller.account if body.mine else None
    wish = inside.open_of(body, zone, owner)
    return inside.done_of(await parts.dispatch.open(actor_of(caller), wish))


@router.get("/requests")
async def list_requests(_: Control, parts: Parts, world: Now) -> edge.Cards:
    """The cards of all requests that are open or still to be followed up (`ended_ms`)."""
    cards = world.of("request").values()
    return edge.Cards(
        server_ms=parts.clock(), items=[edge.Card.model_validate(card) for card in cards]
    )


@router.get("/requests/{request}")
async def read_request(
    request: RequestId, caller: ControlOrField, parts: Parts, world: Now
) -> edge.RequestDetail:
    """Everything that is known of a request; the reading is in the audit. Not for a driver."""
    scope.own_request(caller, world, request)
    scope.may_read_all(caller)
    known = await parts.dispatch.request(actor_of(caller), request)
    return inside.detail_of(known)


@router.get("/requests/{request}/shared")
async def read_shared_request(
    request: RequestId, caller: LawEnforcement, parts: Parts, world: Now
) -> edge.SharedRequest:
    """Place and safety of a request that was shared with law enforcement; audited."""
    scope.shared_request(world, request)
    known = await parts.dispatch.request(actor_of(caller), request)
    return inside.shared_of(known.request, known.person)


@router.get("/requests/{request}/recommendation")
async def read_recommendation(
    request: RequestId, _: Control, world: Now, planner: Planner
) -> recommendation.Recommended:
    """What the newest plan says for this request."""
    scope.known_request(world, request)
    plan = world.get("plan", "plan") or {}
    return recommendation.Recommended(
        plan_version=plan.get("version"),
        made_ms=plan.get("made_ms"),
        planner_late_since_ms=planner.late_since_ms,
        recommendation=world.get("recommendation", request),
    )


@router.get("/requests/{request}/duplicates")
async def find_duplicates(request: RequestId, caller: Control, parts: Parts) -> edge.Duplicates:
    """Open requests that may be about the same person."""
    found = await parts.dispatch.duplicates(actor_of(caller), request)
    return edge.Duplicates(items=[edge.Duplicate.model_validate(one) for one in found])


@router.post("/requests/{request}/triage")
async def triage(
    request: RequestId, body: intake.Triage, caller: Control, parts: Parts
) -> edge.Done:
    """Set what is known now; policy turns it into tier and target."""
    wish = inside.triage_of(body, request)
    return inside.done_of(await parts.dispatch.triage(actor_of(caller), wish))


@router.post("/requests/{request}/own")
async def own(request: RequestId, body: acts.Own, caller: Control, parts: Parts) -> edge.Done:
    """Become responsible for a request, or give it to somebody."""
    wish = commands.Own(body.command_id, request, body.owner)
    return inside.done_of(await parts.dispatch.own(actor_of(caller), wish))


@router.post("/requests/{request}/disown")
async def disown(request: RequestId, body: acts.Disown, caller: Control, parts: Parts) -> edge.Done:
    """Undo taking a request: it goes back to whom it was taken from, or to nobody."""
    wish = commands.Disown(body.command_id, request, body.to)
    return inside.done_of(await parts.dispatch.disown(actor_of(caller), wish))


@router.post("/requests/{request}/alarm-heard")
async def acknowledge_alarm(
    request: RequestId, body: acts.AcknowledgeAlarm, caller: Control, parts: Parts
) -> edge.Done:
    """The alarm was heard by name: it is quiet everywhere until its next escalation."""
    wish = commands.AcknowledgeAlarm(body.command_id, request)
    return inside.done_of(await parts.dispatch.acknowledge_alarm(actor_of(caller), wish))


@router.post("/requests/{request}/notes")
async def add_note(
    request: RequestId, body: acts.NewNote, caller: ControlOrField, parts: Parts
) -> edge.Done:
    """A note with author and time."""
    wish = commands.AddNote(body.command_id, request, body.text, body.at_ms, bool(body.downtime))
    receipt = await parts.dispatch.note(actor_of(caller), wish)
    return scope.for_role(caller, inside.done_of(receipt))


@router.post("/requests/{request}/join")
async def join(request: RequestId, body: acts.Join, caller: Control, parts: Parts) -> edge.Done:
    """This request is a duplicate: it ends and points to the other."""
    wish = commands.Join(body.command_id, request, body.into)
    return inside.done_of(await parts.dispatch.join(actor_of(caller), wish))


@router.post("/requests/{request}/accept")
async def accept(request: RequestId, body: acts.Accept, caller: Control, parts: Parts) -> edge.Done:
    """Claim the bundle, all or nothing."""
    wish = inside.accept_of(body, request)
    return inside.done_of(await parts.dispatch.accept(actor_of(caller), wish))


@router.post("/requests/{request}/override")
async def override(
    request: RequestId, body: acts.Override, caller: Control, parts: Parts
) -> edge.Done:
    """Claim another bundle than the recommended one, for a reason."""
    wish = inside.override_of(body, request)
    return inside.done_of(await parts.dispatch.override(actor_of(caller), wish))


@router.post("/requests/{request}/take-back")
async def take_back(
    request: RequestId, body: acts.TakeBack, caller: Control, parts: Parts
) -> edge.Done:
    """Undo an acceptance while neither crew nor facility has answered."""
    wish = commands.TakeBack(body.command_id, request)
    return inside.done_of(await parts.dispatch.take_back(actor_of(caller), wish))


@router.post("/requests/{request}/facility-answer")
async def facility_answer(
    request: RequestId,
    body: acts.FacilityAnswer,
    caller: ControlOrFacility,
    parts: Parts,
    world: Now,
) -> edge.Done:
    """The facility accepts or declines the incoming person, by name."""
    scope.own_incoming(caller, world, request)
    wish = commands.AnswerForFacility(
        body.command_id,
        request,
        accepted=body.answer == "accepted",
        by=body.by_name,
        reason=body.reason,
        by_phone=body.by_phone,
        at_ms=body.at_ms,
        downtime=bool(body.downtime),
    )
    receipt = await parts.dispatch.facility_answer(actor_of(caller), wish)
    return scope.for_role(caller, inside.done_of(receipt))


@router.post("/requests/{request}/crew-answer")
async def crew_answer(
    request: RequestId, body: acts.CrewAnswer, caller: ControlOrField, parts: Parts
) -> edge.Done:
    """The crew acknowledges or declines its task, by name."""
    wish = commands.AnswerForCrew(
        body.command_id,
        request,
        accepted=body.answer == "acknowledged",
        by=body.by_name,
        reason=body.reason,
        by_phone=body.by_phone,
        at_ms=body.at_ms,
        downtime=bool(body.downtime),
    )
    receipt = await parts.dispatch.crew_answer(actor_of(caller), wish)
    return scope.for_role(caller, inside.done_of(receipt))


@router.post("/requests/{request}/steps")
async def step(
    request: RequestId, body: acts.Step, caller: ControlOrField, parts: Parts
) -> edge.Done:
    """En route, on scene, transporting, arrived, handed over."""
    wish = commands.Step(
        body.command_id, request, inside.STEPS[body.step], body.at_ms, bool(body.downtime)
    )
    receipt = await parts.dispatch.step(actor_of(caller), wish)
    return scope.for_role(caller, inside.done_of(receipt))


@router.post("/requests/{request}/ask-place")
async def ask_place(
    request: RequestId, body: acts.AskPlace, caller: ControlOrField, parts: Parts
) -> edge.Done:
    """After its assessment the team needs the place now."""
    wish = inside.ask_place_of(body, request)
    receipt = await parts.dispatch.ask_place(actor_of(caller), wish)
    return scope.for_role(caller, inside.done_of(receipt))


@router.post("/requests/{request}/resolve")
async def resolve(
    request: RequestId, body: acts.Resolve, caller: ControlOrField, parts: Parts
) -> edge.Done:
    """The request ends with an outcome."""
    wish = commands.Resolve(
        body.command_id,
        request,
        inside.OUTCOMES[body.outcome],
        body.safety_plan,
        body.reason,
        body.at_ms,
        bool(body.downtime),
    )
    receipt = await parts.dispatch.resolve(actor_of(caller), wish)
    return scope.for_role(caller, inside.done_of(receipt))


@router.post("/requests/{request}/cancel")
async def cancel(request: RequestId, body: acts.Cancel, caller: Control, parts: Parts) -> edge.Done:
    """Withdraw the request, with a reason."""
    wish = commands.Cancel(body.command_id, request, body.reason)
    return inside.done_of(await parts.dispatch.cancel(actor_of(caller), wish))


@router.post("/requests/{request}/settle")
async def settle(request: RequestId, body: acts.Settle, caller: Control, parts: Parts) -> edge.Done:
    """The follow-up of an ended request is settled without a referral of ours."""
    wish = commands.Settle(body.command_id, request, Settled(body.how), body.reason)
    return inside.done_of(await parts.dispatch.settle(actor_of(caller), wish))


@router.post("/requests/{request}/share")
async def share(request: RequestId, body: acts.Share, caller: Control, parts: Parts) -> edge.Done:
    """Disclose place and safety to law enforcement: an explicit, logged act."""
    wish = commands.ShareWithLawEnforcement(body.command_id, request, body.reason)
    return inside.done_of(await parts.dispatch.share_with_law_enforcement(actor_of(caller), wish))


@router.post("/requests/{request}/rescue")
async def call_rescue(
    request: RequestId, body: acts.CallRescue, caller: Control, parts: Parts
) -> edge.Done:
    """EMS / 911 was called; somebody owns the clock until contact is confirmed."""
    wish = commands.CallRescue(body.command_id, request)
    return inside.done_of(await parts.dispatch.call_rescue(actor_of(caller), wish))


@router.post("/requests/{request}/rescue-confirmed")
async def confirm_rescue(
    request: RequestId, body: acts.RescueConfirmed, caller: Control, parts: Parts
) -> edge.Done:
    """Rescue is with the person, by name."""
    wish = commands.ConfirmRescue(body.command_id, request, body.by_name)
    return inside.done_of(await parts.dispatch.rescue_confirmed(actor_of(caller), wish))


@router.post("/hand-over")
async def hand_over(body: acts.HandOver, caller: Control, parts: Parts) -> edge.HandedOver:
    """At sign-out all open requests of the caller go to somebody else."""
    wish = commands.HandOver(body.command_id, body.to, body.source)
    receipts = await parts.dispatch.hand_over(actor_of(caller), wish)
    return edge.HandedOver(requests=[receipt.request for receipt in receipts])


@router.get("/unmet-needs")
async def unmet_needs(caller: Control, parts: Parts) -> edge.UnmetNeeds:
    """What could not be had, why, and who decided."""
    found = await parts.dispatch.unmet_needs(actor_of(caller))
    return edge.UnmetNeeds(items=[edge.UnmetNeed.model_validate(one) for one in found])
