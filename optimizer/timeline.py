"""When the steps of a choice happen."""

from optimizer.plan import Arrivals
from optimizer.stars import Choice, Stars, missing_parts, ready_s


def arrivals(stars: Stars, choice: Choice) -> Arrivals:
    """When each step of a choice happens."""
    times, i = stars.numbers.times, choice.request
    request = stars.problem.requests[i]
    has_team, has_van = choice.team < stars.no_team, choice.option < stars.self_option
    if not has_team and request.needs_team:
        return Arrivals()
    ready = float(ready_s(stars, choice))
    eta = float(times.eta[i, choice.option]) if has_van else None
    pick = ready if eta is None else max(ready, eta)
    stays = choice.place == stars.no_place or "van" in missing_parts(stars, choice)
    # Boarding takes time in a van; a team that drives the person itself leaves when it is ready.
    ride = 0 if stays else int(times.go[i, choice.place]) + has_van * int(times.load[i])
    return Arrivals(
        team_s=float(times.arrival[i, choice.team]) if has_team else None,
        ready_s=ready,
        van_s=eta,
        pick_s=None if stays else pick,
        place_s=None if stays else pick + ride,
    )


def backup_arrival_s(stars: Stars, choice: Choice, place: int) -> float | None:
    """When the person would be at another place, by the same team and transport."""
    return arrivals(stars, choice._replace(place=place)).place_s
