"""Small random regions with tight beds, binding shifts and every feature of the model."""

from collections.abc import Callable

import numpy as np
import pytest

from optimizer.problem import Bundle, Place, Policy, Problem, Request, Team, Van
from optimizer.warming import warm_up

warm_up()

MakeProblem = Callable[..., Problem]


def _random_problem(
    seed: int,
    requests: int = 3,
    teams: int = 3,
    vans: int = 2,
    places: int = 3,
    *,
    features: bool = True,
) -> Problem:
    rng = np.random.default_rng(seed)

    def times(rows: int, columns: int) -> np.ndarray:
        seconds = rng.integers(60, 5400, (rows, columns)).astype(float)
        seconds[rng.random((rows, columns)) < (0.1 if features else 0)] = np.nan
        return seconds

    def mask(chance: float) -> int:
        return sum(1 << bit for bit in (0, 1, 70) if rng.random() < chance)

    def request(k: int) -> Request:
        need = rng.choice(["none", "possible", "needed"], p=[0.15, 0.1, 0.75])
        shown = None
        if features and rng.random() < 0.3:
            shown = Bundle(f"t{rng.integers(teams)}", f"v{rng.integers(vans)}", "p0")
        return Request(
            id=f"r{k}",
            weight=int(rng.choice([1, 3, 9, 27])),
            rank=int(rng.random() < 0.7),
            waited_s=float(rng.integers(0, 7200)),
            target_s=float(rng.integers(600, 5400)),
            onscene_s=float(rng.integers(0, 3600)),
            load_s=float(rng.integers(0, 900)),
            needs_team=bool(rng.random() < 0.85),
            needs_van=bool(rng.random() < 0.8),
            place_need=need,
            team_mask=mask(0.2),
            van_mask=mask(0.15),
            place_mask=mask(0.2),
            soft_team_mask=mask(0.2),
            soft_team_penalty_s=600,
            allow_self_transport=bool(rng.random() < 0.5),
            all_or_nothing=features and bool(rng.random() < 0.2),
            shown=shown,
            place_preference_s=(("p0", float(rng.integers(0, 1200))),),
        )

    return Problem(
        requests=tuple(request(k) for k in range(requests)),
        teams=tuple(
            Team(
                id=f"t{k}",
                mask=mask(0.85),
                release_s=float(rng.integers(0, 3600)) if rng.random() < 0.4 else 0,
                shift_end_s=float(rng.integers(3600, 14_400)),
                drives=bool(rng.random() < 0.6),
                van_mask=mask(0.85),
                penalty_s=float(rng.integers(0, 300)),
            )
            for k in range(teams)
        ),
        vans=tuple(
            Van(
                id=f"v{k}",
                mask=mask(0.9),
                release_s=float(rng.integers(0, 1800)) if rng.random() < 0.4 else 0,
                shift_end_s=float(rng.integers(5400, 16_200)),
            )
            for k in range(vans)
        ),
        places=tuple(
            Place(
                id=f"p{k}",
                mask=mask(0.85),
                free=int(rng.integers(0, 3)),
                penalty_s=float(rng.integers(0, 600)),
            )
            for k in range(places)
        ),
        team_to_request=times(teams, requests),
        van_to_request=times(vans, requests),
        request_to_place=times(requests, places),
        place_to_base=times(places, vans),
        policy=Policy(team_approach=2.0),
    )


def _small_region(
    requests: list[Request],
    teams: list[Team] | None = None,
    vans: list[Van] | None = None,
    places: list[Place] | None = None,
    *,
    drive_s: float | list[list[float]] = 600.0,
    approach_s: float | list[list[float]] = 600.0,
    go_s: float | list[list[float]] = 600.0,
    home_s: float | list[list[float]] = 600.0,
    policy: Policy | None = None,
) -> Problem:
    """Everything ten minutes apart unless said otherwise."""
    teams, vans, places = teams or [], vans or [], places or []

    def times(value: float | list[list[float]], rows: int, columns: int) -> np.ndarray:
        return np.broadcast_to(np.array(value, dtype=float), (rows, columns))

    return Problem(
        requests=tuple(requests),
        teams=tuple(teams),
        vans=tuple(vans),
        places=tuple(places),
        team_to_request=times(drive_s, len(teams), len(requests)),
        van_to_request=times(approach_s, len(vans), len(requests)),
        request_to_place=times(go_s, len(requests), len(places)),
        place_to_base=times(home_s, len(places), len(vans)),
        policy=policy or Policy(),
    )


@pytest.fixture(scope="session")
def small_region() -> MakeProblem:
    """A region written down by hand."""
    return _small_region


@pytest.fixture(scope="session")
def random_problem() -> MakeProblem:
    """A region made from a seed; the same seed is the same region."""
    return _random_problem
