"""The persons of the calls: invented from the call's own stream. Nobody here exists."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dispatch.words import Tier
from simulator.demand import Call, Caller

FIRST = ("Ash", "Bay", "Cove", "Dell", "Elm", "Fern", "Glen", "Haven", "Isle", "Juniper")
LAST = ("Example", "Sample", "Fiction", "Invented", "Placeholder", "Demo")
PROBLEMS: Mapping[Tier, tuple[str, ...]] = {
    Tier.IMMINENT: (
        "Says that it ends tonight; has the means at hand.",
        "Stands on the bridge, talks on the telephone.",
    ),
    Tier.HIGH: (
        "Drinking again, talks of ending it.",
        "Hears voices since two days, has not slept.",
        "Says that life has no point; alone at home.",
    ),
    Tier.MODERATE: (
        "Panic after a loss; wants somebody to come.",
        "Stopped medication; family is worried.",
    ),
    Tier.ROUTINE: (
        "Argument at home, is calm now, asks for help.",
        "Referred by a clinic for a visit at home.",
    ),
}
URGENCY = {Tier.IMMINENT: 4, Tier.HIGH: 3, Tier.MODERATE: 2, Tier.ROUTINE: 1}
HAZARDS: tuple[tuple[str, dict[str, str]], ...] = (
    ("dogs", {"dogs": "a dog in the yard"}),
    ("weapons", {"weapons": "a hunting rifle, locked away"}),
    ("violence", {"violence_history": "pushed a relative last year"}),
    ("premises", {"premises": "entrance behind the house, no light"}),
)
ASKED = ("weapons", "violence", "dogs", "premises", "infection")
HAZARD_SHARE = 0.2


def invent(rng: np.random.Generator, caller: Caller, at_ms: int) -> dict[str, Any]:
    """The body of `POST /v1/requests` for any one crisis of a region, told at `at_ms`."""
    return opening(caller.one(rng, at_ms), rng)


def opening(call: Call, rng: np.random.Generator) -> dict[str, Any]:
    """The body of `POST /v1/requests` for a call."""
    minor = bool(call.words & {"child", "adolescent"})
    hazard, told = _hazard(rng)
    body: dict[str, Any] = {
        "request": call.id,
        "place": call.place,
        "lon": call.lon,
        "lat": call.lat,
        "urgency": URGENCY[call.tier],
        "needs": {
            "words": sorted(call.words),
            "place": call.need.value,
            "van": call.need.value,
        },
        "risk": risk(call.tier, psychosis="psychosis" in call.words),
        "person": _person(call, rng) | told,
        "hazards": {name: "yes" if name == hazard else "no" for name in ASKED},
        "mine": False,
    }
    if minor:
        body["guardianship"] = {"consent": "given", "escort": "crew"}
    if "involuntary" in call.words:
        body["custody"] = {
            "basis": "officer_hold",
            "custodian": "law_enforcement",
            "transport_by": ["team", "van", "law_enforcement"],
            "since_ms": call.at_ms,
        }
    return body


def _person(call: Call, rng: np.random.Generator) -> dict[str, Any]:
    def one_of(choices: tuple[str, ...]) -> str:
        return choices[int(rng.integers(len(choices)))]

    return {
        "name": f"{one_of(FIRST)} {one_of(LAST)}",
        "address": f"{rng.integers(10, 990)} Example Street",
        "callback": f"+1-801-555-0{rng.integers(100, 200)}",
        "third_party": bool(rng.random() < 0.3),
        "problem": one_of(PROBLEMS[call.tier]),
        "interpreter": "lang_es" if "lang_es" in call.words else None,
    }


def _hazard(rng: np.random.Generator) -> tuple[str, dict[str, str]]:
    """What may hurt a crew at some places: (the question that it answers, what was told)."""
    there = rng.random() < HAZARD_SHARE
    return HAZARDS[int(rng.integers(len(HAZARDS)))] if there else ("", {})


def risk(tier: Tier, *, psychosis: bool) -> dict[str, Any]:
    """Screening answers that triage to about the wanted tier; everything was asked."""

    def yes(when: bool) -> str:
        return "yes" if when else "no"

    serious, imminent = tier in (Tier.IMMINENT, Tier.HIGH), tier is Tier.IMMINENT
    return {
        "cssrs": {
            "wish_to_be_dead": yes(tier is not Tier.ROUTINE),
            "suicidal_thoughts": yes(serious),
            "thoughts_of_method": yes(serious),
            "some_intent": yes(serious),
            "intent_with_plan": yes(imminent),
            "behaviour_lifetime": yes(serious),
            "behaviour_3_months": "no",
        },
        "desire": yes(serious),
        "intent": yes(serious),
        "capability": yes(imminent),
        "buffers": yes(not imminent),
        "violence": "no",
        "psychosis": yes(psychosis),
        "overdose": "no",
        "danger_to_others": "no",
        "imminent": yes(imminent),
    }
