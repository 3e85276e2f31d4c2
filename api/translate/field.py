"""What of a request a crew, and what of it a driver, is shown."""

from api.schemas import field as edge
from api.schemas.requests import Note
from api.translate.requests import custody_out, guardianship_out, hazards_out
from dispatch.panics import PanicReceipt
from dispatch.reading import Packet
from dispatch.request import CrisisRequest

ACCESS = frozenset({"wheelchair", "secure"})


def rides(words: frozenset[str]) -> list[str]:
    """The needs that concern a ride: access and language."""
    return sorted(word for word in words if word in ACCESS or word.startswith("lang_"))


def packet_of(known: Packet, *, driver: bool) -> edge.Packet:
    """The packet; a driver gets place, safety and the ride, and nothing clinical."""
    request, person = known.request, known.person
    return edge.Packet(
        request=request.id,
        hazards=hazards_out(request.hazards),
        weapons=person.weapons,
        violence=None if driver else person.violence_history,
        dogs=person.dogs,
        premises=person.premises,
        infection=person.infection,
        police_plan=person.police_plan,
        place=request.place,
        address=person.address,
        lon=request.lon,
        lat=request.lat,
        name=person.name,
        callback=person.callback,
        third_party=person.third_party,
        caller_name=person.caller_name,
        ride=_ride(request),
        clinical=None if driver else _clinical(known),
    )


def _ride(request: CrisisRequest) -> edge.Ride:
    return edge.Ride(
        seats=request.needs.seats,
        needs=rides(request.needs.words),
        involuntary=request.involuntary,
        guardianship=guardianship_out(request.guardianship),
        custody=custody_out(request.custody),
    )


def _clinical(known: Packet) -> edge.Clinical:
    person = known.person
    return edge.Clinical(
        date_of_birth=person.date_of_birth,
        problem=person.problem,
        violence_history=person.violence_history,
        substance_history=person.substance_history,
        interpreter=person.interpreter,
        guardian_name=person.guardian_name,
        guardian_phone=person.guardian_phone,
        needs=sorted(known.request.needs.words),
        notes=[Note.model_validate(note) for note in known.notes],
    )


def panic_of(receipt: PanicReceipt) -> edge.Panic:
    return edge.Panic.model_validate(receipt.card)
