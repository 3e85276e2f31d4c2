"""Crisis requests between the edge and dispatch."""

from collections.abc import Iterable
from dataclasses import asdict

from api.schemas import acts, intake
from api.schemas import requests as edge
from dispatch import commands
from dispatch.reading import Dossier
from dispatch.request import (
    Bundle,
    CrisisRequest,
    Cssrs,
    Custody,
    Guardianship,
    Hazards,
    Needs,
    Person,
    Risk,
)
from dispatch.words import (
    Answer,
    Consent,
    Custodian,
    Escort,
    Event,
    LegalBasis,
    Need,
    Transporter,
    Urgency,
)

STEPS = {
    "en_route": Event.DEPART,
    "on_scene": Event.REACH_PERSON,
    "transporting": Event.LEAVE_WITH_PERSON,
    "arrived": Event.REACH_PLACE,
    "handed_over": Event.HAND_OVER_PERSON,
}
OUTCOMES = {
    "resolved_on_scene": Event.RESOLVE_ON_SCENE,
    "resolved_by_phone": Event.RESOLVE_BY_PHONE,
    "ems_handed_over": Event.HAND_OVER_TO_EMS,
    "person_refused": Event.PERSON_REFUSES,
    "could_not_locate": Event.NOT_LOCATED,
}


def needs_of(body: intake.Needs) -> Needs:
    return Needs(
        words=frozenset(body.words),
        team=body.team,
        place=Need(body.place),
        van=Need(body.van),
        pool_types=tuple(body.pool_types),
        slot=body.slot,
        seats=body.seats,
        facility=body.facility,
    )


def risk_of(body: intake.Risk) -> Risk:
    answers = {name: Answer(said) for name, said in body.model_dump(exclude={"cssrs"}).items()}
    screener = {name: Answer(said) for name, said in body.cssrs.model_dump().items()}
    return Risk(cssrs=Cssrs(**screener), **answers)


def person_of(body: intake.Person) -> Person:
    return Person(**body.model_dump())


def custody_of(body: intake.Custody | None) -> Custody | None:
    if body is None:
        return None
    return Custody(
        basis=LegalBasis(body.basis),
        custodian=Custodian(body.custodian),
        transport_by=frozenset(Transporter(who) for who in body.transport_by),
        since_ms=body.since_ms,
    )


def guardianship_of(body: intake.Guardianship | None) -> Guardianship | None:
    if body is None:
        return None
    return Guardianship(
        consent=Consent(body.consent), escort=Escort(body.escort) if body.escort else None
    )


def hazards_of(body: intake.Hazards) -> Hazards:
    return Hazards(**{name: Answer(said) for name, said in body.model_dump().items()})


def bundle_of(body: acts.Bundle) -> Bundle:
    return Bundle(**body.model_dump())


def seen_of(body: Iterable[acts.Seen]) -> dict[tuple[str, str], int]:
    return {(seen.kind, seen.id): seen.version for seen in body}


def open_of(body: intake.NewRequest, zone: str, owner: str | None) -> commands.OpenRequest:
    return commands.OpenRequest(
        command_id=body.command_id,
        request=body.request,
        zone=zone,
        place=body.place,
        lon=body.lon,
        lat=body.lat,
        needs=needs_of(body.needs),
        risk=risk_of(body.risk),
        urgency=Urgency(body.urgency),
        person=person_of(body.person),
        custody=custody_of(body.custody),
        guardianship=guardianship_of(body.guardianship),
        hazards=hazards_of(body.hazards),
        owner=owner,
        at_ms=body.at_ms,
        downtime=bool(body.downtime),
    )


def triage_of(body: intake.Triage, request: str) -> commands.Triage:
    return commands.Triage(
        command_id=body.command_id,
        request=request,
        risk=risk_of(body.risk) if body.risk else None,
        urgency=Urgency(body.urgency) if body.urgency else None,
        needs=needs_of(body.needs) if body.needs else None,
        custody=custody_of(body.custody),
        guardianship=guardianship_of(body.guardianship),
        person=person_of(body.person) if body.person else None,
        hazards=hazards_of(body.hazards) if body.hazards else None,
    )


def accept_of(body: acts.Accept, request: str) -> commands.Accept:
    return commands.Accept(
        command_id=body.command_id,
        request=request,
        bundle=bundle_of(body.bundle),
        seen=seen_of(body.seen),
        eta_ms=body.eta_ms,
        arrive_ms=body.arrive_ms,
        reason=body.reason,
        at_ms=body.at_ms,
        downtime=bool(body.downtime),
    )


def override_of(body: acts.Override, request: str) -> commands.Override:
    return commands.Override(
        command_id=body.command_id,
        request=request,
        bundle=bundle_of(body.bundle),
        reason=body.reason,
        seen=seen_of(body.seen),
        eta_ms=body.eta_ms,
        arrive_ms=body.arrive_ms,
        divert=body.divert,
        at_ms=body.at_ms,
        downtime=bool(body.downtime),
    )


def ask_place_of(body: acts.AskPlace, request: str) -> commands.AskPlace:
    return commands.AskPlace(
        command_id=body.command_id,
        request=request,
        pool=body.pool,
        slot=body.slot,
        van=body.van,
        backup=body.backup,
        seen=seen_of(body.seen),
        arrive_ms=body.arrive_ms,
    )


def done_of(receipt: commands.Receipt) -> edge.Done:
    return edge.Done(
        request=receipt.request,
        version=receipt.version,
        state=receipt.state.value,
        warnings=list(receipt.warnings),
        card=edge.Card.model_validate(receipt.card),
    )


def _needs_out(needs: Needs) -> intake.Needs:
    return intake.Needs(
        words=sorted(needs.words),
        team=needs.team,
        place=needs.place.value,
        van=needs.van.value,
        pool_types=list(needs.pool_types),
        slot=needs.slot,
        seats=needs.seats,
        facility=needs.facility,
    )


def _risk_out(risk: Risk) -> intake.Risk:
    return intake.Risk.model_validate(
        {name: getattr(risk, name).value for name in intake.Risk.model_fields if name != "cssrs"}
        | {"cssrs": {name: getattr(risk.cssrs, name).value for name in intake.Cssrs.model_fields}}
    )


def detail_of(known: Dossier) -> edge.RequestDetail:
    request = known.request
    return edge.RequestDetail(
        card=edge.Card.model_validate(known.card),
        lon=request.lon,
        lat=request.lat,
        needs=_needs_out(request.needs),
        risk=_risk_out(request.risk),
        custody=custody_out(request.custody),
        guardianship=guardianship_out(request.guardianship),
        hazards=hazards_out(request.hazards),
        # As it was written down: the record outlives the edge's rules of the day.
        person=intake.Person.model_construct(**asdict(known.person)),
        notes=[edge.Note.model_validate(note) for note in known.notes],
        unmet=[edge.UnmetNeed.model_validate(one) for one in known.unmet],
        choices=[edge.Choice.model_validate(choice) for choice in known.choices],
        timeline=[edge.Deed.model_validate(deed) for deed in known.timeline],
        facility_by=request.facility_by,
    )


def shared_of(request: CrisisRequest, person: Person) -> edge.SharedRequest:
    return edge.SharedRequest(
        id=request.id,
        place=request.place,
        address=person.address,
        lon=request.lon,
        lat=request.lat,
        weapons=person.weapons,
        dogs=person.dogs,
        premises=person.premises,
        police_plan=person.police_plan,
        hazards=edge.SharedHazards.model_validate(request.hazards),
    )


def hazards_out(hazards: Hazards) -> intake.Hazards:
    return intake.Hazards.model_validate(
        {name: getattr(hazards, name).value for name in intake.Hazards.model_fields}
    )


def custody_out(custody: Custody | None) -> intake.Custody | None:
    if custody is None:
        return None
    return intake.Custody(
        basis=custody.basis.value,
        custodian=custody.custodian.value,
        transport_by=sorted(who.value for who in custody.transport_by),
        since_ms=custody.since_ms,
    )


def guardianship_out(guardianship: Guardianship | None) -> intake.Guardianship | None:
    if guardianship is None:
        return None
    return intake.Guardianship(
        consent=guardianship.consent.value,
        escort=guardianship.escort.value if guardianship.escort else None,
    )
