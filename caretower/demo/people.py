"""Invented crises for the demo: where, what is needed, how urgent. Nobody here exists."""

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from uuid6 import uuid7

FIRST = ("Ash", "Bay", "Cove", "Dell", "Elm", "Fern", "Glen", "Haven", "Isle", "Juniper")
LAST = ("Example", "Sample", "Fiction", "Invented", "Placeholder", "Demo")
PROBLEMS = (
    "Says that life has no point; alone at home.",
    "Hears voices since two days, has not slept.",
    "Panic after a loss; wants somebody to come.",
    "Stopped medication; family is worried.",
    "Drinking again, talks of ending it.",
    "Argument at home, is calm now, asks for help.",
)
POPULATIONS = (("adult", 0.68), ("adolescent", 0.14), ("older_adult", 0.13), ("child", 0.05))
LEVELS = (("imminent", 0.08), ("high", 0.27), ("moderate", 0.4), ("low", 0.25))


@dataclass(frozen=True, slots=True)
class Settlement:
    """Where demand comes from: (n, 2) lon/lat and how likely each point is."""

    points: NDArray[np.float64]
    names: tuple[str, ...]
    weights: NDArray[np.float64]


def pick(rng: random.Random, choices: tuple[tuple[str, float], ...]) -> str:
    """One word by its share."""
    return rng.choices([word for word, _ in choices], [share for _, share in choices])[0]


def invent(rng: random.Random, where: Settlement) -> dict[str, Any]:
    """The body of `POST /v1/requests` for one invented crisis."""
    index = rng.choices(range(len(where.names)), where.weights.tolist())[0]
    lon, lat = where.points[index]
    level = pick(rng, LEVELS)
    population = pick(rng, POPULATIONS)
    psychosis = rng.random() < 0.15
    needs = [population, "voluntary"]
    needs += ["psychosis"] if psychosis else []
    needs += ["substance_use"] if rng.random() < 0.2 and population == "adult" else []
    needs += ["wheelchair"] if rng.random() < 0.05 else []
    needs += ["lang_es"] if rng.random() < 0.1 else []
    return {
        "request": str(uuid7()),
        "place": where.names[index],
        "lon": round(lon + rng.uniform(-0.01, 0.01), 5),
        "lat": round(lat + rng.uniform(-0.008, 0.008), 5),
        "urgency": {"imminent": 4, "high": 3, "moderate": 2, "low": 1}[level],
        "needs": {
            "words": needs,
            "place": rng.choices(("none", "possible", "needed"), (0.25, 0.45, 0.3))[0],
        },
        "risk": risk(level, psychosis=psychosis),
        "person": {
            "name": f"{rng.choice(FIRST)} {rng.choice(LAST)}",
            "address": f"{rng.randint(10, 990)} Example Street",
            "callback": f"+1-801-555-0{rng.randint(100, 199)}",
            "third_party": rng.random() < 0.3,
            "problem": rng.choice(PROBLEMS),
            "interpreter": "lang_es" if "lang_es" in needs else None,
        },
        "mine": False,
    }


def risk(level: str, *, psychosis: bool) -> dict[str, Any]:
    """Screening answers that triage to about the wanted tier; everything was asked."""

    def yes(when: bool) -> str:
        return "yes" if when else "no"

    serious = level in ("imminent", "high")
    return {
        "cssrs": {
            "wish_to_be_dead": yes(level != "low"),
            "suicidal_thoughts": yes(serious),
            "thoughts_of_method": yes(serious),
            "some_intent": yes(serious),
            "intent_with_plan": yes(level == "imminent"),
            "behaviour_lifetime": yes(serious),
            "behaviour_3_months": "no",
        },
        "desire": yes(serious),
        "intent": yes(serious),
        "capability": yes(level == "imminent"),
        "buffers": yes(level != "imminent"),
        "violence": "no",
        "psychosis": yes(psychosis),
        "overdose": "no",
        "danger_to_others": "no",
        "imminent": yes(level == "imminent"),
    }
